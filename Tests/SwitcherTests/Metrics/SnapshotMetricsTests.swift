internal import Core
internal import Metrics
internal import Policies
internal import TestSupport
internal import Testing

@testable import Switcher

/// How things stand, as a scrape finds them.
struct SnapshotMetricsTests {
  private let registry = Registry()
  private let harness: SwitcherHarness

  init() { harness = Self.harness(registry) }

  private static func harness(
    _ registry: Registry, _ detail: PairDetail = .full, policy: any SwitchPolicy = FIFO(minActive: .zero),
    limits: ModelLimits = ModelLimits()
  ) -> SwitcherHarness {
    let metrics = SnapshotMetrics(pairs: PairLabels(detail, models: 2), registry: registry)
    let harness = SwitcherHarness(policy: policy, limits: limits, observer: { notice, _ in metrics.observe(notice) })
    metrics.expose(harness.switcher, registry: registry)
    return harness
  }

  @Test func `the GPU's time advances during a phase, and sums to the time that has passed`() async throws {
    harness.timeline.advance(by: .seconds(3))
    let request = harness.task("a")
    _ = await harness.a.next()
    harness.timeline.advance(by: .seconds(2))
    let during = await Scrape(registry)
    #expect(during[#"gpu_seconds_total{model="none",state="empty"}"#] == 3)
    #expect(during[#"gpu_seconds_total{model="a",state="waking"}"#] == 2)
    harness.timeline.advance(by: .seconds(4))
    let later = await Scrape(registry)
    #expect(later[#"gpu_seconds_total{model="a",state="waking"}"#] == 6)
    #expect(later.counted("gpu_seconds_total").values.reduce(0, +) == 9)
    #expect(later.names("gpu_seconds_total").count == 2 * 6 + 1)
    harness.a.succeed()
    _ = try await request.value
  }

  @Test func `who is served, who waits and for how long is shown`() async throws {
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    let waiting = harness.task("b", patience: .seconds(100))
    _ = try await harness.snapshot { $0.queued == 1 }
    harness.timeline.advance(by: .seconds(5))
    let scrape = await Scrape(registry)
    #expect(scrape.counted("requests_in_flight") == [#"requests_in_flight{model="a"}"#: 1])
    #expect(scrape.counted("queue_depth") == [#"queue_depth{model="b"}"#: 1])
    #expect(scrape.counted("queue_oldest_wait_seconds") == [#"queue_oldest_wait_seconds{model="b"}"#: 5])
    #expect(scrape.counted("active_model") == [#"active_model{model="a"}"#: 1])
    #expect(scrape.counted("switch_phase") == [#"switch_phase{phase="drain"}"#: 1])
    #expect(
      scrape.counted("model_state") == [
        #"model_state{model="a",state="draining"}"#: 1, #"model_state{model="b",state="stopped"}"#: 1,
      ])
    #expect(scrape["queue_limit"] == .infinity)
    waiting.cancel()
    _ = await waiting.result
    end.open()
    _ = try await running.value
  }

  @Test func `after a switch that failed no gauge is left behind`() async throws {
    try await harness.bringA()
    let request = harness.task("b")
    _ = await harness.a.next()
    harness.a.succeed()
    _ = await harness.b.next()
    harness.b.fail("planned")
    _ = await harness.b.next()
    harness.b.succeed()
    _ = await request.result
    _ = try await harness.snapshot { $0.transition == nil }
    let scrape = await Scrape(registry)
    #expect(scrape.counted("active_model").isEmpty)
    #expect(scrape.counted("requests_in_flight").isEmpty)
    #expect(scrape.counted("switch_phase") == [#"switch_phase{phase="none"}"#: 1])
    #expect(
      scrape.counted("model_state") == [
        #"model_state{model="a",state="asleep"}"#: 1, #"model_state{model="b",state="failed"}"#: 1,
      ])
  }

  @Test func `the mode, the pin and when they changed are shown`() async throws {
    let before = await Scrape(registry)
    #expect(before.counted(#"mode{"#) == [#"mode{mode="auto"}"#: 1])
    let changed = try #require(before["mode_changed_timestamp_seconds"])
    #expect(abs(changed - UnixTime.seconds()) < 60)
    try await harness.bringA()
    try await harness.switcher.perform(.pin("a"))
    let after = await Scrape(registry)
    #expect(after.counted(#"mode{"#) == [#"mode{mode="manual"}"#: 1])
    #expect(after.counted("model_pinned") == [#"model_pinned{model="a"}"#: 1])
    #expect(after["mode_changed_timestamp_seconds"] ?? 0 > changed)
    let again = await Scrape(registry)
    #expect(again["mode_changed_timestamp_seconds"] == after["mode_changed_timestamp_seconds"])
  }

  @Test func `the policy's answers are counted by reason, those at 0 included`() async throws {
    #expect(await Scrape(registry).names("policy_decisions_total").count == 4 * Reason.allCases.count + 1)
    try await harness.bringA()
    try await harness.switcher.perform(.pin("a"))
    await #expect(throws: SwitchError.self) { try await harness.request("b") }
    let scrape = await Scrape(registry)
    #expect(
      scrape.counted("policy_decisions_total") == [
        #"policy_decisions_total{decision="switch",reason="idle"}"#: 1,
        #"policy_decisions_total{decision="deny",reason="manual_mode"}"#: 1,
      ])
    #expect(scrape.counted("policy_info") == [#"policy_info{policy="fifo"}"#: 1])
  }

  @Test func `a switch that is wanted and has to wait shows as a cooldown`() async throws {
    let registry = Registry()
    let harness = Self.harness(registry, policy: FIFO(minActive: .seconds(60)))
    try await harness.bringA()
    let waiting = harness.task("b", patience: .seconds(30))
    _ = try await harness.snapshot { $0.queued == 1 }
    let scrape = await Scrape(registry)
    #expect(scrape.counted("switch_phase") == [#"switch_phase{phase="cooldown"}"#: 1])
    #expect(
      scrape.counted("policy_decisions_total")[#"policy_decisions_total{decision="defer",reason="cooldown"}"#] == 1)
    waiting.cancel()
    _ = await waiting.result
  }

  @Test func `the believed costs are shown for every pair, or folded for those that were measured`() async throws {
    let folded = Registry()
    let other = Self.harness(folded, .folded)
    for harness in [harness, other] {
      let request = harness.task("a")
      _ = await harness.a.next()
      harness.timeline.advance(by: .seconds(7))
      harness.a.succeed()
      _ = try await request.value
    }
    let scrape = await Scrape(registry)
    #expect(scrape[#"switch_cost_seconds{from="none",to="a"}"#] == 7)
    #expect(scrape[#"switch_cost_seconds{from="a",to="b"}"#] == 10)
    #expect(scrape.names("switch_cost_seconds").count == 4)
    #expect(await Scrape(folded).counted("switch_cost") == [#"switch_cost_seconds{from="none",to="a"}"#: 7])
  }

  @Test func `a server is up while its process runs`() async throws {
    #expect(await Scrape(registry).counted("upstream_up").isEmpty)
    try await harness.bringA()
    #expect(await Scrape(registry).counted("upstream_up") == [#"upstream_up{model="a"}"#: 1])
  }

  @Test func `where every queue is limited, so is their sum`() async {
    let registry = Registry()
    _ = Self.harness(registry, limits: ModelLimits(maxQueue: 8))
    #expect(await Scrape(registry)["queue_limit"] == 16)
  }

  @Test func `the scheduler is up to date unless something is overdue`() async throws {
    try await harness.bringA()
    #expect(
      abs((await Scrape(registry)["scheduler_last_tick_timestamp_seconds"] ?? 0) - UnixTime.seconds()) < 60)
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b", patience: .seconds(10))
    world.oversleep(.seconds(310))
    let snapshot = world.machine.snapshot(at: world.now)
    #expect(snapshot.takenAt - snapshot.upToDateUntil == .seconds(300))
    world.finish(running)
    world.expectSound()
  }

  @Test func `a model that a reload removes is shown no more, but for the time that it had`() async throws {
    try await harness.bringA()
    await harness.switcher.reconfigure(
      models: [ModelRevision(id: "b", limits: ModelLimits())], newRuntimes: [:], policy: FIFO(minActive: .zero),
      requestTimeout: .seconds(300))
    _ = await harness.a.next()
    harness.timeline.advance(by: .seconds(2))
    harness.a.succeed()
    _ = await harness.a.next()
    harness.a.succeed()
    _ = try await harness.snapshot { $0.models.map(\.id) == ["b"] }
    let scrape = await Scrape(registry)
    #expect(scrape.names("model_state").allSatisfy { $0.contains(#"model="b""#) })
    #expect(scrape.names("active_model") == [#"active_model{model="b"}"#])
    #expect(scrape[#"gpu_seconds_total{model="a",state="sleeping"}"#] == 2)
  }
}
