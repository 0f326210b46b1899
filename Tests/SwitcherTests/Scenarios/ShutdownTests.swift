internal import Core
internal import Testing

@testable import Switcher

struct ShutdownTests {
  @Test func `everyone who waits is answered, who is in flight goes on`() {
    var world = World(["a", "b"], limits: ["a": ModelLimits(maxInFlight: 1)])
    world.bring("a")
    let running = world.arrive("a")
    let waiting = [world.arrive("a"), world.arrive("b")]
    let commands = [world.command(.force("b")), world.command(.sleep("a", nil))]
    world.shutDown()
    #expect(waiting.map { world.refusals[$0] } == [.shuttingDown, .shuttingDown])
    #expect(commands.map(world.error) == [.shuttingDown, .shuttingDown])
    #expect(world.isGranted(running))
    world.finish(running)
    #expect(world.work("a") == nil)
    world.expectSound()
  }

  @Test func `nobody is admitted and nothing commanded afterwards`() {
    var world = World(["a"])
    world.bring("a")
    world.shutDown()
    let ticket = world.arrive("a")
    let command = world.command(.sleep("a", nil))
    #expect(world.refusals[ticket] == .shuttingDown)
    #expect(world.error(command) == .shuttingDown)
    world.expectSound()
  }

  @Test func `a drain is taken back, the old model need not leave`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("a")
    world.command(.force("b"))
    world.shutDown()
    #expect(world.records.last?.outcome == .cancelled)
    world.finishAll()
    #expect(world.work("a") == nil)
    world.expectSound()
  }

  @Test func `a sleep under way ends the switch, nobody is woken`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    world.shutDown()
    world.succeed("a")
    #expect(world.work("b") == nil)
    #expect(world.records.last?.outcome == .cancelled)
    world.expectSound()
  }

  @Test func `a wake that fails is not tried again`() {
    var world = World(["a"])
    world.bring("a")
    world.command(.sleep("a", nil))
    world.succeed("a")
    world.arrive("a")
    world.shutDown()
    world.fail("a")
    world.succeed("a")
    #expect(world.work("a") == nil)
    #expect(world.records.last?.outcome == .cancelled)
    world.expectSound()
  }

  @Test func `a process that is being ended keeps nobody waiting`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    world.succeed("a")
    let command = world.command(.sleep("a", OperatorTests.ending))
    #expect(world.work("a") == .stopping)
    world.shutDown()
    #expect(world.error(command) == .shuttingDown)
    world.expectSound()
  }
}
