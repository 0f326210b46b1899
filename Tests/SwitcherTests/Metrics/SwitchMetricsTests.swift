internal import Core
internal import Metrics
internal import Policies
internal import Testing

@testable import Switcher

/// What happens, as it is counted.
struct SwitchMetricsTests {
  private let registry = Registry()

  private func metrics(_ models: [ModelID], _ detail: PairDetail = .auto) -> SwitchMetrics {
    SwitchMetrics(models: models, pairs: PairLabels(detail, models: models.count), registry: registry)
  }

  /// Counts all that has happened in a world.
  private func scrape(_ world: World, _ detail: PairDetail = .auto) async -> Scrape {
    let metrics = metrics(world.models, detail)
    for notice in world.notices { metrics.observe(notice) }
    return await Scrape(registry)
  }

  @Test func `every series is there before the first switch`() async {
    _ = metrics(["a", "b"])
    let scrape = await Scrape(registry)
    #expect(scrape.names("").allSatisfy { scrape[$0] == 0 })
    #expect(scrape.names("switches_total").count == 6 * 3)
    #expect(scrape.names("switch_triggers_total").count == Trigger.allCases.count)
    #expect(scrape.names("switch_failures_total").count == 3 * 2 * SwitchFailure.Reason.allCases.count)
    #expect(scrape[#"switches_total{from="a",to="b",outcome="success"}"#] == 0)
    #expect(scrape[#"switches_total{from="none",to="a",outcome="cancelled"}"#] == 0)
    #expect(scrape[#"switch_phase_seconds_count{phase="sleep",from="b",to="none"}"#] == 0)
    #expect(scrape[#"switch_total_seconds_count{from="b",to="a"}"#] == 0)
    #expect(scrape[#"upstream_restarts_total{model="b"}"#] == 0)
    #expect(scrape[#"policy_starved_requests_total{model="b"}"#] == 0)
    #expect(scrape.names(#"switch_phase_seconds_count{phase="sleep",from="none""#).isEmpty)
    #expect(scrape.names(#"switch_phase_seconds_count{phase="wake",from="a",to="none""#).isEmpty)
    #expect(scrape.names(#"switch_phase_seconds_count{phase="cooldown",from="none""#).isEmpty)
  }

  @Test func `a switch counts with its trigger and each of its phases`() async {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(4)))
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(5))
    world.finish(running)
    world.pass(.seconds(2))
    world.succeed("a")
    world.pass(.seconds(8))
    world.succeed("b")
    let scrape = await scrape(world)
    #expect(
      scrape.counted("switches_total") == [
        #"switches_total{from="none",to="a",outcome="success"}"#: 1,
        #"switches_total{from="a",to="b",outcome="success"}"#: 1,
      ])
    #expect(scrape.counted("switch_triggers_total") == [#"switch_triggers_total{trigger="request"}"#: 2])
    for (phase, seconds) in [("cooldown", 4.0), ("drain", 1), ("sleep", 2), ("wake", 8)] {
      let labels = #"{phase="\#(phase)",from="a",to="b"}"#
      #expect(scrape["switch_phase_seconds_count\(labels)"] == 1)
      #expect(abs((scrape["switch_phase_seconds_sum\(labels)"] ?? 0) - seconds) < 1e-5, "\(phase)")
    }
    // From the decision on: the cooldown lies before it.
    #expect(abs((scrape[#"switch_total_seconds_sum{from="a",to="b"}"#] ?? 0) - 11) < 1e-5)
    #expect(scrape.counted("switch_failures_total").isEmpty)
    world.expectSound()
  }

  @Test func `requests that are cut off count for the model that leaves, each once`() async {
    var world = World(["a", "b"], limits: ["a": ModelLimits(drainTimeout: .seconds(1))])
    world.bring("a")
    world.arrive("a")
    world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(3))
    world.finishAll()
    world.succeed("a")
    world.succeed("b")
    let scrape = await scrape(world)
    #expect(scrape.counted("drain_cut_requests_total") == [#"drain_cut_requests_total{model="a"}"#: 2])
    world.expectSound()
  }

  @Test func `a failed switch counts with its phases, the one that failed and why`() async {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    world.pass(.seconds(1))
    world.succeed("a")
    world.pass(.seconds(2))
    world.fail("b")
    world.pass(.seconds(4))
    world.succeed("b")
    let scrape = await scrape(world)
    #expect(scrape[#"switches_total{from="a",to="b",outcome="failed"}"#] == 1)
    #expect(
      scrape.counted("switch_failures_total") == [
        #"switch_failures_total{to="b",phase="wake",reason="wake_failed"}"#: 1
      ])
    #expect(scrape[#"switch_phase_seconds_sum{phase="wake",from="a",to="b"}"#] == 6)
    #expect(scrape[#"switch_total_seconds_sum{from="a",to="b"}"#] == 7)
    world.expectSound()
  }

  @Test(arguments: [
    (RuntimeFailure.Cause.timedOut, SwitchFailure.Reason.timedOut), (.unreachable, .timedOut), (.serverEnded, .died),
    (.other, .wakeFailed),
  ])
  func `what a wake failed of is the reason that is counted`(
    cause: RuntimeFailure.Cause, reason: SwitchFailure.Reason
  ) {
    var machine = SwitchMachine(
      models: [("a", ModelLimits())], policy: FIFO(minActive: .zero), requestTimeout: .seconds(300), at: .zero)
    var effects: [Effect] = []
    machine.handle(.requestArrived(Ticket(number: 1), "a", deadline: .distantFuture), at: .zero, effects: &effects)
    machine.handle(.wakeFailed("a", RuntimeFailure("no", cause)), at: .zero, effects: &effects)
    machine.handle(.stopped("a"), at: .zero, effects: &effects)
    let reasons = effects.compactMap { effect in
      if case .note(.switchEnded(let record)) = effect { record.failure?.reason } else { nil }
    }
    #expect(reasons == [reason])
  }

  @Test func `a model that neither sleeps nor ends fails the switch in its sleep`() async {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    world.fail("a")
    world.fail("a")
    let scrape = await scrape(world)
    #expect(
      scrape.counted("switch_failures_total") == [
        #"switch_failures_total{to="b",phase="sleep",reason="stop_failed"}"#: 1
      ])
    #expect(scrape[#"switch_triggers_total{trigger="recovery"}"#] == 1)
    world.expectSound()
  }

  @Test func `a start that the operator or the configuration ends fails for that reason`() async {
    var world = World(["a", "b"])
    world.arrive("a")
    world.command(.sleep("a", nil))
    world.succeed("a")
    world.arrive("b")
    world.reconfigure(["a"])
    world.succeed("b")
    let scrape = await scrape(world)
    #expect(
      scrape.counted("switch_failures_total") == [
        #"switch_failures_total{to="a",phase="wake",reason="operator"}"#: 1,
        #"switch_failures_total{to="b",phase="wake",reason="removed"}"#: 1,
      ])
    world.expectSound()
  }

  @Test func `a cancelled switch counts as such`() async {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.abandon(world.arrive("b"))
    let scrape = await scrape(world)
    #expect(scrape[#"switches_total{from="a",to="b",outcome="cancelled"}"#] == 1)
    #expect(scrape[#"switch_phase_seconds_count{phase="drain",from="a",to="b"}"#] == 1)
    world.finish(running)
    world.expectSound()
  }

  @Test func `restarts and requests that starve are counted by model`() async {
    var world = World(["a", "b"], policy: SchedulerTick(options: PolicyOptions(["max_wait_secs": 20])))
    world.bring("a")
    world.perish("a")
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b", patience: .seconds(60))
    world.pass(.seconds(60))
    world.finish(running)
    let scrape = await scrape(world)
    #expect(scrape.counted("upstream_restarts_total") == [#"upstream_restarts_total{model="a"}"#: 1])
    #expect(scrape.counted("policy_starved") == [#"policy_starved_requests_total{model="b"}"#: 1])
    world.expectSound()
  }

  @Test(arguments: [(PairDetail.auto, 8, false), (.auto, 9, true), (.full, 9, false), (.folded, 2, true)])
  func `pairs are folded beyond eight models, or as configured`(_ detail: PairDetail, models: Int, isFolded: Bool) {
    #expect(PairLabels(detail, models: models).isFolded == isFolded)
  }

  @Test func `folded, a phase keeps the one model that it depends on, and every sum is right`() async {
    var world = World(["a", "b"])
    world.bring("a")
    world.bring("b")
    world.succeed("a")
    world.succeed("b")
    let scrape = await scrape(world, .folded)
    #expect(scrape[#"switch_phase_seconds_count{phase="drain",from="a",to="*"}"#] == 1)
    #expect(scrape[#"switch_phase_seconds_count{phase="sleep",from="a",to="*"}"#] == 1)
    #expect(scrape[#"switch_phase_seconds_count{phase="wake",from="*",to="b"}"#] == 1)
    #expect(scrape[#"switch_total_seconds_count{from="*",to="b"}"#] == 1)
    #expect(scrape[#"switches_total{from="*",to="b",outcome="success"}"#] == 1)
    #expect(scrape.counted("switches_total").values.reduce(0, +) == 2)
    #expect(scrape.names("switches_total").count == 3 * 3)
  }

  @Test func `a model that a reload adds has its series before its first switch`() async {
    let metrics = metrics(["a"])
    metrics.create(["a", "b"])
    let scrape = await Scrape(registry)
    #expect(scrape[#"switches_total{from="a",to="b",outcome="success"}"#] == 0)
    #expect(scrape[#"upstream_restarts_total{model="b"}"#] == 0)
  }

  @Test func `fifty models stay below the limit of series`() async {
    _ = metrics((1...50).map { ModelID("m\($0)") })
    #expect(await Scrape(registry).names("").count < 8_000)
    #expect(await Scrape(registry).names("").allSatisfy { !$0.contains("_other") })
  }
}
