internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// What those who look on are told.
struct NoticeTests {
  @Test func `a switch is told from its decision to its end, phase by phase`() {
    var world = World(["a", "b"])
    world.bring("a")
    let seen = world.notices.count
    let ticket = world.arrive("b")
    world.pass(.seconds(1))
    world.succeed("a")
    world.pass(.seconds(2))
    world.succeed("b")
    #expect(
      world.notices.dropFirst(seen).map(\.summary) == [
        "2: a to b, request oldest", "2: drain", "2: sleep", "a: active to sleeping",
        "2: wake", "a: sleeping to asleep", "b: stopped to starting",
        "2: success", "b: starting to active",
      ])
    world.finish(ticket)
    world.expectSound()
  }

  @Test func `a request on the model that is awake makes no notice`() {
    var world = World(["a", "b"])
    world.bring("a")
    let seen = world.notices.count
    for _ in 1...100 { world.finish(world.arrive("a")) }
    #expect(world.notices.count == seen)
    world.expectSound()
  }

  @Test func `a failure is told with its phase, its reason and its message`() throws {
    var world = World(["a"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    let failure = try #require(world.records.last?.failure)
    #expect(failure.phase == .wake)
    #expect(failure.reason == .wakeFailed)
    #expect(failure.message == "planned")
    #expect(world.notices.map(\.summary).contains("a: starting to failed, planned"))
    world.expectSound()
  }

  @Test func `the end of a back-off is told when it comes`() {
    var world = World(["a"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    let seen = world.notices.count
    world.pass(.seconds(1))
    #expect(world.notices.count == seen)
    world.pass(.seconds(1))
    #expect(world.notices.last?.summary == "a: failed to stopped")
    world.expectSound()
  }

  @Test func `a start after a death or a failure is told to be a restart, and no other`() {
    var world = World(["a", "b"])
    world.bring("a")
    #expect(!world.notices.map(\.summary).contains("a: restarted"))
    world.perish("a")
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    world.pass(.seconds(10))
    world.bring("a")
    #expect(world.notices.map(\.summary).filter { $0 == "a: restarted" }.count == 2)
    world.expectSound()
  }

  @Test func `a request that waits as long as the policy lets any is told to have starved`() {
    var world = World(["a", "b"], policy: SchedulerTick(options: PolicyOptions(["max_wait_secs": 20])))
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(10))
    world.arrive("b")
    world.pass(.seconds(15))
    world.finish(running)
    world.succeed("a")
    world.pass(.seconds(30))
    #expect(!world.notices.map(\.summary).contains("b: starved"))
    world.succeed("b")
    #expect(world.notices.map(\.summary).filter { $0 == "b: starved" }.count == 1)
    world.expectSound()
  }

  @Test(arguments: [true, false])
  func `one that gives up after such a wait has starved too`(isPatient: Bool) {
    var world = World(
      ["a", "b"], policy: SchedulerTick(options: PolicyOptions(["max_wait_secs": 5, "min_active_secs": 60])))
    world.bring("a")
    let ticket = world.arrive("b", patience: isPatient ? .seconds(10) : nil)
    world.pass(.seconds(10))
    world.abandon(ticket)
    #expect(world.notices.map(\.summary).filter { $0 == "b: starved" }.count == 1)
    world.expectSound()
  }

  @Test func `the mode and the pin are told when they change, and only then`() {
    var world = World(["a", "b"])
    world.command(.auto)
    world.command(.manual)
    world.command(.manual)
    world.command(.pin("a"))
    world.succeed("a")
    world.command(.unpin)
    let modes = world.notices.compactMap { if case .modeChanged(let mode) = $0 { mode } else { nil } }
    #expect(modes == [.manual(pinned: nil), .manual(pinned: "a"), .auto])
    world.expectSound()
  }

  @Test func `a pin that could not be had is told to be taken back`() {
    var world = World(["a"])
    world.command(.pin("a"))
    world.fail("a")
    let modes = world.notices.compactMap { if case .modeChanged(let mode) = $0 { mode } else { nil } }
    #expect(modes == [.manual(pinned: "a"), .auto])
    world.expectSound()
  }

  @Test func `another policy is told by its name`() {
    var world = World(["a"])
    world.replacePolicy(CostAware(options: PolicyOptions()))
    #expect(world.notices.map(\.summary) == ["policy cost_aware"])
    world.expectSound()
  }

  @Test func `a reload is told with what it changed`() throws {
    var world = World(["a", "b", "c"])
    world.reconfigure(["a", "b"])
    world.reconfigure(["c", "b"], renewed: ["b"])
    let changes = world.notices.compactMap { if case .modelsReplaced(let change) = $0 { change } else { nil } }
    #expect(
      changes == [
        ModelsChange(models: ["a", "b"], added: [], removed: ["c"], renewed: []),
        ModelsChange(models: ["c", "b"], added: ["c"], removed: ["a"], renewed: ["b"]),
      ])
    world.expectSound()
  }
}

extension Notice {
  /// In a line, for comparison.
  fileprivate var summary: String {
    switch self {
    case .switchDecided(let decision):
      "\(decision.number): \(decision.from?.name ?? "none") to \(decision.to?.name ?? "none"), \(decision.trigger)"
        + (decision.reason.map { " \($0)" } ?? "")
    case .phaseEntered(let phase, let number): "\(number): \(phase)"
    case .switchEnded(let record): "\(record.number): \(record.outcome)"
    case .modeChanged(let mode): "\(mode)"
    case .policyReplaced(let name): "policy \(name)"
    case .modelChanged(let change):
      "\(change.model): \(change.from) to \(change.to)" + (change.failure.map { ", \($0)" } ?? "")
    case .modelRestarted(let model): "\(model): restarted"
    case .requestStarved(let model): "\(model): starved"
    case .modelsReplaced(let change): "models \(change.models)"
    }
  }
}
