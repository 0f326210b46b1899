internal import Core
internal import Testing

@testable import Switcher

/// Servers that end without having been asked to.
struct DeathTests {
  private func asleep(_ model: ModelID, active: ModelID) -> World {
    var world = World([model, active])
    world.bring(model)
    world.arrive(active)
    world.succeed(model)
    world.succeed(active)
    world.finishAll()
    return world
  }

  @Test func `an active model that dies is started again for the next request`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.die("a")
    #expect(world.state("a") == .failed)
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    #expect(world.state("a") == .stopped)
    #expect(world.work("a") == nil)
    let ticket = world.arrive("a")
    #expect(world.state("a") == .starting)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `those who wait for a slot on a model that dies are served by the next instance`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxInFlight: 1)])
    world.bring("a")
    let running = world.arrive("a")
    let waiting = world.arrive("a")
    world.perish("a")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.openGrants.map(\.instance) == [Instance(1), Instance(2)])
    #expect(world.isGranted(waiting))
    world.finish(running)
    #expect(world.machine.models[0].inFlight == 1)
    world.expectSound()
  }

  @Test func `the late end of a dead instance's request does not touch its successor`() {
    var world = World(["a", "b"])
    world.bring("a")
    let old = world.arrive("a")
    world.perish("a")
    let new = world.arrive("a")
    world.succeed("a")
    world.arrive("b")
    world.finish(old)
    #expect(world.state("a") == .draining)
    world.finish(new)
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a model that dies while it drains is ended instead of put to sleep`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("a")
    let ticket = world.arrive("b")
    world.die("a")
    #expect(world.work("a") == .stopping)
    #expect(world.work("b") == nil)
    world.succeed("a")
    #expect(world.work("b") == .waking)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.phases.map(\.phase) == [.drain, .sleep, .wake])
    world.expectSound()
  }

  @Test(arguments: [true, false])
  func `a model that dies while it goes to sleep is that sleep's business`(_ works: Bool) {
    var world = World(["a", "b"])
    world.bring("a")
    let ticket = world.arrive("b")
    world.die("a")
    #expect(world.work("b") == nil)
    if works { world.succeed("a") } else { world.fail("a") }
    if !works { world.succeed("a") }
    #expect(world.work("b") == .waking)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a model that dies asleep is started cold, and given up when that fails`() {
    var world = asleep("a", active: "b")
    world.die("a")
    #expect(world.state("a") == .stopped)
    let ticket = world.arrive("a")
    world.succeed("b")
    #expect(world.state("a") == .starting)
    world.fail("a")
    #expect(world.refusals[ticket] != nil)
    world.expectSound()
  }

  @Test func `a model that dies asleep while another drains for it is started cold`() {
    var world = asleep("a", active: "b")
    let running = world.arrive("b")
    world.arrive("a")
    world.die("a")
    world.finish(running)
    world.succeed("b")
    #expect(world.state("a") == .starting)
    world.expectSound()
  }

  @Test func `a model that dies while it wakes is stopped and started cold`() {
    var world = asleep("a", active: "b")
    let ticket = world.arrive("a")
    world.succeed("b")
    world.die("a")
    world.fail("a")
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a death that is noticed just before its wake is reported counts as a failed wake`() {
    var world = asleep("a", active: "b")
    let ticket = world.arrive("a")
    world.succeed("b")
    world.die("a")
    world.succeed("a")
    #expect(world.isWaiting(ticket))
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a death that is noticed just after the wake has the model started again`() {
    var world = World(["a"])
    world.arrive("a")
    world.crash("a")
    world.succeed("a")
    #expect(world.openGrants.count == 1)
    world.reportDeath("a")
    let ticket = world.arrive("a")
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `late news of a dead instance says nothing of a later one`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.crash("a")
    world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    world.arrive("a")
    world.succeed("b")
    world.succeed("a")
    world.finishAll()
    world.arrive("b")
    world.succeed("a")
    world.reportDeath("a")
    #expect(world.state("a") == .asleep)
    world.expectSound()
  }

  @Test func `a model that crashes at every start backs off`() {
    var world = World(["a"])
    world.bring("a")
    world.perish("a")
    world.bring("a")
    world.pass(.seconds(9))
    world.perish("a")
    #expect(world.state("a") == .failed)
    let refused = world.arrive("a")
    #expect(world.refusals[refused] == .switchFailed("a", message: "a crashed", retryAfter: .seconds(4)))
    world.pass(.seconds(4))
    world.bring("a")
    world.perish("a")
    let refusedAgain = world.arrive("a")
    #expect(world.refusals[refusedAgain]?.retryAfter == .seconds(8))
    world.expectSound()
  }

  @Test func `whoever waits for a model that crashes again is told`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxInFlight: 1)])
    world.bring("a")
    world.perish("a")
    let tickets = [world.arrive("a"), world.arrive("a")]
    world.succeed("a")
    world.die("a")
    #expect(world.refusals[tickets[1]]?.retryAfter == .seconds(4))
    world.expectSound()
  }

  @Test func `a model that lived for a while before it crashed is started again at once`() {
    var world = World(["a"])
    for _ in 0..<3 {
      world.bring("a")
      world.pass(.seconds(10))
      world.perish("a")
    }
    world.arrive("a")
    #expect(world.work("a") == .waking)
    world.expectSound()
  }
}
