import Backends
import Core
import Metrics
import Testing

@testable import Server

struct RuntimeMetricsTests {
  private let registry = Registry()

  private func scrape() async -> [String: String] {
    let text = String(decoding: await registry.render(), as: UTF8.self)
    let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.contains("_bucket") }
    return Dictionary(
      uniqueKeysWithValues: samples.map { ("\($0.split(separator: " ")[0])", "\($0.split(separator: " ")[1])") })
  }

  private func metrics(_ models: String) throws -> RuntimeMetrics {
    let metrics = RuntimeMetrics(registry: registry)
    metrics.create(try ConfigurationText(#"{"models": {\#(models)}}"#).load().models)
    return metrics
  }

  @Test func `a model has the series that its server can have, before anything has happened`() async throws {
    _ = try metrics(
      #"""
      "q": {"model_path": "p", "port": 7001, "eviction": "discard+keep_running"}, "a": {"url": "http://h"},
      "c": {"command": ["s"], "port": 7002}
      """#)
    let counts = await scrape().filter { $0.key.contains("_count") }
    #expect(counts.values.allSatisfy { $0 == "0" })
    #expect(
      Set(counts.keys) == [
        #"switcher_model_wake_seconds_count{model="q",kind="cold_start"}"#,
        #"switcher_model_wake_seconds_count{model="q",kind="wake_l1"}"#,
        #"switcher_model_wake_seconds_count{model="q",kind="wake_l2"}"#,
        #"switcher_model_wake_seconds_count{model="q",kind="resume"}"#,
        #"switcher_model_wake_seconds_count{model="a",kind="resume"}"#,
        #"switcher_model_wake_seconds_count{model="c",kind="cold_start"}"#,
        #"switcher_model_wake_seconds_count{model="c",kind="resume"}"#,
        #"switcher_control_step_seconds_count{model="q",operation="sleep",step="1"}"#,
        #"switcher_control_step_seconds_count{model="q",operation="wake",step="1"}"#,
        #"switcher_control_step_seconds_count{model="q",operation="wake",step="2"}"#,
        #"switcher_control_step_seconds_count{model="q",operation="wake",step="3"}"#,
      ])
  }

  @Test func `wakes and steps are counted with how long they took`() async throws {
    let metrics = try metrics(#""a": {"url": "http://h"}"#)
    metrics.observe("a", .stepTaken(.wake, step: 2, .seconds(3)))
    metrics.observe("a", .woke(.resume, .seconds(4)))
    metrics.observe("a", .woke(.resume, .seconds(5)))
    let series = await scrape()
    #expect(series[#"switcher_control_step_seconds_sum{model="a",operation="wake",step="2"}"#] == "3")
    #expect(series[#"switcher_model_wake_seconds_sum{model="a",kind="resume"}"#] == "9")
    #expect(series[#"switcher_model_wake_seconds_count{model="a",kind="resume"}"#] == "2")
  }
}

struct ReloadHistoryTests {
  @Test func `a reading that fails is counted, and the time of the last success stays`() {
    var history = ReloadHistory()
    #expect(history.isLastSuccessful)
    let start = history.lastSuccess
    history.add(.failure)
    #expect(!history.isLastSuccessful)
    #expect(history.lastSuccess == start)
    history.add(.success)
    #expect(history.isLastSuccessful)
    #expect(history.lastSuccess > start)
    #expect(history.counts == [.failure: 1, .success: 1])
  }
}
