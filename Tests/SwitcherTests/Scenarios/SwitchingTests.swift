internal import Core
internal import Policies
internal import Testing

@testable import Switcher

struct SwitchingTests {
  @Test func `requests for A B A B A B at once make one switch`() {
    var world = World(["a", "b"])
    let tickets = ["a", "b", "a", "b", "a", "b"].map { world.arrive($0) }
    world.succeed("a")
    #expect(tickets.map(world.isGranted) == [true, false, true, false, true, false])
    world.finishAll()
    world.succeed("a")
    world.succeed("b")
    #expect(tickets.map(world.isGranted) == [false, true, false, true, false, true])
    world.finishAll()
    #expect(world.records.map(\.to) == ["a", "b"])
    world.expectSound()
  }

  @Test func `the first model is woken onto the empty GPU`() {
    var world = World(["a", "b"])
    let ticket = world.arrive("b")
    #expect(world.work("b") == .waking)
    #expect(world.state("b") == .starting)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    #expect(world.records.map(\.from) == [nil])
    #expect(world.records.map(\.outcome) == [.success])
    world.expectSound()
  }

  @Test func `the old model drains, sleeps, and only then is the new one woken`() {
    var world = World(["a", "b"])
    world.bring("a")
    let old = world.arrive("a")
    let new = world.arrive("b")
    #expect(world.state("a") == .draining)
    #expect(world.work("a") == nil)
    world.finish(old)
    #expect(world.work("a") == .sleeping(nil))
    #expect(world.work("b") == nil)
    world.succeed("a")
    #expect(world.state("a") == .asleep)
    #expect(world.work("b") == .waking)
    world.succeed("b")
    #expect(world.isGranted(new))
    world.expectSound()
  }

  @Test func `who was queued for the old model when the switch was decided is still served, who came later waits`() {
    var world = World(["a", "b"], limits: ["a": ModelLimits(maxInFlight: 1)])
    world.bring("a")
    let running = world.arrive("a")
    world.replacePolicy(FIFO(minActive: .seconds(60)))
    let queued = world.arrive("a")
    let other = world.arrive("b")
    world.replacePolicy(FIFO(minActive: .zero))
    #expect(world.state("a") == .draining)
    let late = world.arrive("a")
    world.finish(running)
    #expect(world.isGranted(queued))
    world.finish(queued)
    #expect(world.isWaiting(late))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.finish(other)
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(late))
    world.expectSound()
  }

  @Test func `past the drain cap the queue is closed to all`() {
    var world = World(["a", "b"], limits: ["a": ModelLimits(maxInFlight: 1)], policy: Eager(drainCap: .seconds(3)))
    world.bring("a")
    var tickets = (0..<3).map { _ in world.arrive("a") }
    world.arrive("b")
    #expect(world.state("a") == .draining)
    world.pass(.seconds(2))
    world.finish(tickets.removeFirst())
    #expect(world.isGranted(tickets[0]))
    world.pass(.seconds(1))
    world.finish(tickets.removeFirst())
    #expect(world.isWaiting(tickets[0]))
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a model stays for its least time, then the timer has the policy asked again`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(5)))
    world.bring("a")
    world.pass(.seconds(2))
    world.arrive("b")
    #expect(world.state("a") == .active)
    world.pass(.seconds(2))
    let next = world.arrive("a")
    #expect(world.isGranted(next))
    world.finishAll()
    world.pass(.milliseconds(999))
    #expect(world.state("a") == .active)
    world.pass(.milliseconds(2))
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a switch that nobody wants any more is taken back, and those behind it are served`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let other = world.arrive("b")
    let late = world.arrive("a")
    world.abandon(other)
    #expect(world.isGranted(late))
    #expect(world.records.map(\.outcome) == [.success, .cancelled])
    world.finish(running)
    #expect(world.work("a") == nil)
    world.expectSound()
  }

  @Test func `the last look at the demand is just before the sleep`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b", patience: .seconds(4))
    world.oversleep(.seconds(4))
    world.finish(running)
    #expect(world.work("a") == nil)
    #expect(world.active == "a")
    world.expectSound()
  }

  @Test func `a switch that has begun is not begun again by more requests`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let first = world.arrive("b")
    let other = world.arrive("c")
    let second = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(first) && world.isGranted(second))
    world.finishAll()
    world.succeed("b")
    world.succeed("c")
    #expect(world.isGranted(other))
    #expect(world.records.map(\.to) == ["a", "b", "c"])
    world.expectSound()
  }

  @Test func `a flood for A during its own sleep is served after B`() {
    var world = World(["a", "b"])
    world.bring("a")
    let other = world.arrive("b")
    let flood = (0..<20).map { _ in world.arrive("a") }
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.finish(other)
    world.succeed("b")
    world.succeed("a")
    #expect(flood.allSatisfy { world.isGranted($0) })
    world.expectSound()
  }

  @Test func `a policy that is replaced in the middle of a switch decides from the next one on`() {
    var world = World(["a", "b"])
    world.bring("a")
    let other = world.arrive("b")
    world.replacePolicy(FIFO(minActive: .seconds(60)))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.finish(other)
    world.arrive("a")
    world.pass(.seconds(59))
    #expect(world.state("b") == .active)
    world.pass(.seconds(2))
    #expect(world.work("b") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a new policy is asked at once`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(60)))
    world.bring("a")
    world.arrive("b")
    #expect(world.work("a") == nil)
    world.replacePolicy(FIFO(minActive: .zero))
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a model that is told to leave for nobody stays`() {
    var world = World(["a", "b", "c"], policy: Eager(target: "c"))
    world.bring("c")
    world.replacePolicy(Eager(target: "a"))
    world.arrive("b")
    #expect(world.work("c") == nil)
    #expect(world.active == "c")
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `the record of a switch tells each phase`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(5)))
    world.bring("a")
    world.pass(.seconds(1))
    let running = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(2))
    world.arrive("b")
    world.pass(.seconds(4))
    world.finish(running)
    world.pass(.seconds(3))
    world.succeed("a")
    world.pass(.seconds(7))
    world.succeed("b")
    let record = world.records.last
    #expect(record?.phases.map(\.phase) == [.cooldown, .drain, .sleep, .wake])
    // The policy is asked a microsecond past the instant that it named.
    let slack = Duration.microseconds(1)
    #expect(
      record?.phases.map(\.duration) == [.seconds(4) + slack, .seconds(2) - slack, .seconds(3), .seconds(7)])
    #expect(record?.total == .seconds(12) - slack)
    #expect(record?.trigger == .request)
    #expect(record?.reason == .oldest)
    world.expectSound()
  }

  @Test func `what a switch is believed to cost is its sleep and its wake, not the drain`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(50))
    world.finish(running)
    world.pass(.seconds(3))
    world.succeed("a")
    world.pass(.seconds(4))
    world.succeed("b")
    #expect(world.machine.costs.cost(from: "a", to: "b") == .seconds(7))
    #expect(world.machine.costs.cost(from: "b", to: "a") == .seconds(10))
    world.expectSound()
  }
}

/// Leaves at once, for its target or the oldest.
struct Eager: SwitchPolicy {
  static let name = "eager"
  static let options: [PolicyOption] = []

  var target: ModelID?
  var drainCap: Duration?

  init(options: PolicyOptions) {}

  init(target: ModelID? = nil, drainCap: Duration? = nil) {
    self.target = target
    self.drainCap = drainCap
  }

  func decide(in situation: Situation) -> Decision {
    (target ?? situation.oldest?.model).map { .switchTo($0, .oldest) } ?? .stay(.exhausted)
  }
}
