internal import Core
internal import Testing

@testable import Switcher

/// Models that died, or would not end, and may hold the GPU all the same.
struct LostModelTests {
  /// a was awake and is taken for dead, though it hangs; its end is under way.
  private var hung: World {
    var world = World(["a", "b"])
    world.bring("a")
    world.hang("a")
    world.reportDeath("a")
    return world
  }

  /// Its end has failed.
  private var lost: World {
    var world = hung
    world.fail("a")
    return world
  }

  @Test func `another model is woken only once the dead one's end is certain`() {
    var world = hung
    let ticket = world.arrive("b")
    #expect(world.work("a") == .stopping)
    #expect(world.work("b") == nil)
    world.succeed("a")
    #expect(world.state("a") == .stopped)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.from == "a")
    #expect(world.records.last?.phases.map(\.phase) == [.sleep, .wake])
    world.expectSound()
  }

  @Test func `the end of a dead model counts as no switch while nobody wants one`() {
    var world = hung
    #expect(world.state("a") == .failed)
    #expect(world.active == nil)
    world.succeed("a")
    #expect(world.records.count == 1)
    world.expectSound()
  }

  @Test func `the requests that a dead model leaves behind don't hold its end up`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.hang("a")
    world.reportDeath("a")
    #expect(world.work("a") == .stopping)
    world.finish(running)
    world.expectSound()
  }

  @Test func `a dead model that can't be ended is left alone, and those who wait for it are told`() {
    var world = hung
    let waiting = world.arrive("a")
    world.fail("a")
    let message = "a could not be ended and may hold the GPU: planned"
    let error = SwitchError.switchFailed("a", message: message, retryAfter: .seconds(4))
    #expect(world.refusals[waiting] == error)
    let refused = world.arrive("a")
    #expect(world.refusals[refused] == error)
    #expect(world.state("a") == .failed)
    #expect(world.machine.snapshot(at: world.now).models[0].failure?.message == message)
    world.pass(.seconds(60))
    #expect(world.work("a") == nil)
    #expect(world.machine.snapshot(at: world.now).models[0].failure?.message == message)
    world.expectSound()
  }

  @Test func `whoever wants another model has the end tried again, and backs off when it fails`() {
    var world = lost
    let ticket = world.arrive("b")
    #expect(world.work("a") == .stopping)
    world.fail("a")
    #expect(world.refusals[ticket]?.retryAfter == .seconds(2))
    #expect(world.work("a") == nil)
    #expect(world.work("b") == nil)
    #expect(world.records.last?.failure?.reason == .stopFailed)
    world.pass(.seconds(2))
    let again = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(again))
    world.expectSound()
  }

  @Test func `a lost model is ended before it is woken itself`() {
    var world = lost
    world.pass(.seconds(4))
    let ticket = world.arrive("a")
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `in manual mode the model that is served comes back by way of its end`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.command(.manual)
    world.hang("a")
    world.reportDeath("a")
    let ticket = world.arrive("a")
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test(arguments: [true, false]) func `the operator hears whether a lost model could be put to sleep`(_ works: Bool) {
    var world = lost
    let command = world.command(.sleep("a", nil))
    #expect(world.work("a") == .stopping)
    if works { world.succeed("a") } else { world.fail("a") }
    #expect(world.isDone(command) == works)
    #expect((world.error(command) == nil) == works)
    world.expectSound()
  }

  @Test(arguments: [true, false])
  func `who has a start ended that has failed already hears whether it could be`(_ works: Bool) {
    var world = World(["a", "b"])
    world.arrive("a")
    world.fail("a")
    let command = world.command(.sleep("a", nil))
    if works { world.succeed("a") } else { world.fail("a") }
    #expect(world.isDone(command) == works)
    #expect((world.error(command) == nil) == works)
    world.expectSound()
  }

  @Test func `a removed model that can't be ended keeps the GPU and stays in sight`() {
    var world = lost
    world.reconfigure(["b"])
    #expect(world.servers[0].isRetiring)
    world.fail("a")
    #expect(world.state("a") == .failed)
    let waiting = world.arrive("b")
    #expect(world.work("a") == .stopping)
    world.fail("a")
    #expect(world.refusals[waiting] != nil)
    world.pass(.seconds(2))
    #expect(world.servers[0].isRetiring)
    let again = world.arrive("b")
    #expect(world.work("b") == nil)
    world.succeed("a")
    #expect(world.state("a") == nil)
    world.succeed("b")
    #expect(world.isGranted(again))
    world.expectSound()
  }

  @Test func `a removed model that neither sleeps nor ends is tried to end again and again`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.reconfigure(["b"])
    world.fail("a")
    world.fail("a")
    for expected in [2, 4, 8] {
      #expect(world.servers[0].isRetiring)
      world.fail("a")
      #expect(!world.servers[0].isRetiring)
      world.pass(.seconds(expected))
    }
    world.succeed("a")
    #expect(world.state("a") == nil)
    world.expectSound()
  }

  @Test func `the server with other settings starts once the lost one has ended`() {
    var world = lost
    world.reconfigure(["a", "b"], renewed: ["a"])
    let waiting = world.arrive("a")
    #expect(world.servers[0].isRetiring)
    world.succeed("a")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test func `a death after the shutdown is the shutdown's business`() {
    var world = World(["a"])
    world.bring("a")
    world.shutDown()
    world.die("a")
    #expect(world.work("a") == nil)
    world.expectSound()
  }
}
