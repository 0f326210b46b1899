internal import Core
internal import Metrics
internal import Policies
internal import TestSupport
internal import Testing

@testable import Switcher

struct SwitchMetricsTests {
  private let registry = Registry()

  /// Each series of the exposition with its value.
  private func scrape() async -> [String: Double] {
    let text = String(decoding: await registry.render(), as: UTF8.self)
    let series = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
    return Dictionary(uniqueKeysWithValues: series.map { (String($0[0]), Double($0[1]) ?? .nan) })
  }

  private func record(from: ModelID?, to: ModelID?, outcome: SwitchRecord.Outcome = .success) -> SwitchRecord {
    SwitchRecord(
      number: 1, from: from, to: to, trigger: .request, reason: .oldest, outcome: outcome, failure: nil,
      decidedAt: .zero, endedAt: .zero + .seconds(7),
      phases: [(.drain, .seconds(1)), (.sleep, .seconds(2)), (.wake, .seconds(4))])
  }

  @Test func `every series is there before the first switch`() async {
    _ = SwitchMetrics(models: ["a", "b"], registry: registry)
    let values = await scrape()
    #expect(values[#"switcher_switches_total{from="a",to="b",outcome="success"}"#] == 0)
    #expect(values[#"switcher_switches_total{from="none",to="a",outcome="failed"}"#] == 0)
    #expect(values[#"switcher_switch_phase_seconds_count{phase="sleep",from="b",to="none"}"#] == 0)
    #expect(values[#"switcher_switch_total_seconds_count{from="b",to="a"}"#] == 0)
    #expect(!values.keys.contains { $0.contains(#"phase="sleep",from="none""#) })
    #expect(!values.keys.contains { $0.contains(#"phase="wake",from="a",to="none""#) })
  }

  @Test func `a switch counts with each of its phases`() async {
    let metrics = SwitchMetrics(models: ["a", "b"], registry: registry)
    metrics.observe(.switchEnded(record(from: "a", to: "b")))
    metrics.observe(.switchEnded(record(from: "a", to: "b", outcome: .failed)))
    let values = await scrape()
    #expect(values[#"switcher_switches_total{from="a",to="b",outcome="success"}"#] == 1)
    #expect(values[#"switcher_switches_total{from="a",to="b",outcome="failed"}"#] == 1)
    #expect(values[#"switcher_switch_phase_seconds_count{phase="drain",from="a",to="b"}"#] == 2)
    #expect(values[#"switcher_switch_phase_seconds_sum{phase="wake",from="a",to="b"}"#] == 8)
    #expect(values[#"switcher_switch_total_seconds_sum{from="a",to="b"}"#] == 14)
  }

  @Test func `with many models a phase keeps only the one that it depends on`() async {
    let models = (1...9).map { ModelID("m\($0)") }
    let metrics = SwitchMetrics(models: models, registry: registry)
    metrics.observe(.switchEnded(record(from: "m1", to: "m2")))
    let values = await scrape()
    #expect(values[#"switcher_switch_phase_seconds_count{phase="sleep",from="m1",to="*"}"#] == 1)
    #expect(values[#"switcher_switch_phase_seconds_count{phase="wake",from="*",to="m2"}"#] == 1)
    #expect(values[#"switcher_switch_total_seconds_count{from="*",to="m2"}"#] == 1)
    #expect(values[#"switcher_switches_total{from="*",to="m2",outcome="success"}"#] == 1)
  }

  @Test func `everything else is read when somebody scrapes`() async throws {
    let harness = SwitcherHarness()
    let metrics = SwitchMetrics(models: ["a", "b"], registry: registry)
    metrics.expose(harness.switcher, registry: registry)
    harness.timeline.advance(by: .seconds(3))
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    harness.timeline.advance(by: .seconds(5))
    let values = await scrape()
    #expect(values[#"switcher_gpu_seconds_total{model="none",state="empty"}"#] == 3)
    #expect(values[#"switcher_gpu_seconds_total{model="a",state="serving"}"#] == 5)
    #expect(values[#"switcher_requests_in_flight{model="a"}"#] == 1)
    #expect(values[#"switcher_queue_depth{model="b"}"#] == 0)
    #expect(values[#"switcher_active_model{model="a"}"#] == 1)
    #expect(values[#"switcher_model_state{model="a",state="active"}"#] == 1)
    #expect(values[#"switcher_model_state{model="b",state="stopped"}"#] == 1)
    #expect(values[#"switcher_mode{mode="auto"}"#] == 1)
    #expect(values[#"switcher_mode{mode="manual"}"#] == 0)
    end.open()
    _ = try await running.value
  }
}
