internal import Core
internal import Testing

@testable import Switcher

/// Wakes, sleeps and stops that fail.
struct FailureTests {
  /// a active, b asleep.
  private var bothKnown: World {
    var world = World(["a", "b"])
    world.bring("b")
    world.arrive("a")
    world.succeed("b")
    world.succeed("a")
    world.finishAll()
    return world
  }

  @Test func `a model that fails to wake is stopped and started cold, and its callers are served`() {
    var world = bothKnown
    let ticket = world.arrive("b")
    world.succeed("a")
    #expect(world.state("b") == .waking)
    world.fail("b")
    #expect(world.work("b") == .stopping)
    #expect(world.isWaiting(ticket))
    world.succeed("b")
    #expect(world.state("b") == .starting)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.outcome == .success)
    world.expectSound()
  }

  @Test func `when the start fails too, everyone who waits for the model is told, and it backs off`() {
    var world = bothKnown
    let tickets = [world.arrive("b"), world.arrive("b")]
    world.succeed("a")
    world.fail("b")
    world.succeed("b")
    world.fail("b")
    let error = SwitchError.switchFailed("b", message: "planned", retryAfter: .seconds(2))
    #expect(tickets.map { world.refusals[$0] } == [error, error])
    #expect(world.work("b") == .stopping)
    let refused = world.arrive("b")
    #expect(world.refusals[refused] == error)
    world.succeed("b")
    #expect(world.state("b") == .failed)
    #expect(world.records.last?.outcome == .failed)
    #expect(world.records.last?.failure?.message == "planned")
    #expect(world.active == nil)
    world.expectSound()
  }

  @Test func `a model that keeps failing is left alone for two seconds, doubling to a minute`() {
    var world = World(["a"])
    for expected in [2, 4, 8, 16, 32, 60, 60] {
      let ticket = world.arrive("a")
      world.fail("a")
      world.succeed("a")
      #expect(world.refusals[ticket]?.retryAfter == .seconds(expected))
      world.pass(.seconds(expected) - .milliseconds(1))
      let refused = world.arrive("a")
      #expect(world.refusals[refused]?.retryAfter == .milliseconds(1))
      world.pass(.milliseconds(1))
    }
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a model that slept in an orderly way has proved itself`() {
    var world = World(["a", "b"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    world.pass(.seconds(2))
    world.bring("a")
    world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    #expect(world.machine.models[0].breaker.failures == 0)
    world.expectSound()
  }

  @Test func `while one model backs off the others are served`() {
    var world = World(["a", "b"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    let ticket = world.arrive("b")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a failed switch answers those who joined it, and the queue goes on`() {
    var world = World(["a", "b"])
    world.bring("a")
    let failing = world.arrive("b")
    let behind = world.arrive("a")
    world.succeed("a")
    world.fail("b")
    #expect(world.refusals[failing] != nil)
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(behind))
    world.expectSound()
  }

  @Test func `who waits for a model that is backing off gets it when the time has come`() {
    var world = World(["a", "b"])
    world.arrive("b")
    world.fail("b")
    world.succeed("b")
    world.bring("a")
    let running = world.arrive("a")
    // The force lets requests for b in; once it is taken back they wait for the back-off to end.
    world.command(.force("b"))
    let ticket = world.arrive("b")
    world.command(.force("a"))
    #expect(world.isWaiting(ticket))
    world.finish(running)
    #expect(world.work("a") == nil)
    world.pass(.seconds(2))
    #expect(world.work("a") == .sleeping(nil))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a start that fails and can't be stopped is over, but nobody else is woken beside it`() {
    var world = World(["a", "b"])
    let ticket = world.arrive("a")
    world.fail("a")
    world.fail("a")
    #expect(world.refusals[ticket]?.retryAfter == .seconds(2))
    #expect(world.records.map(\.outcome) == [.failed])
    let other = world.arrive("b")
    #expect(world.work("a") == .stopping)
    #expect(world.work("b") == nil)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.expectSound()
  }

  @Test func `a model that fails to wake and can't be stopped is not started again`() {
    var world = bothKnown
    let ticket = world.arrive("b")
    world.succeed("a")
    world.fail("b")
    world.fail("b")
    #expect(world.refusals[ticket]?.retryAfter == .seconds(2))
    #expect(world.work("b") == nil)
    world.expectSound()
  }

  @Test func `a model that fails to sleep is stopped, and the wake goes on`() {
    var world = World(["a", "b"])
    world.bring("a")
    let ticket = world.arrive("b")
    world.fail("a")
    #expect(world.work("a") == .stopping)
    #expect(world.work("b") == nil)
    world.succeed("a")
    #expect(world.state("a") == .stopped)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.phases.map(\.phase) == [.drain, .sleep, .wake])
    world.expectSound()
  }

  @Test func `a model that neither sleeps nor stops is woken again`() {
    var world = World(["a", "b"])
    world.bring("a")
    let ticket = world.arrive("b")
    let behind = world.arrive("a")
    world.fail("a")
    world.fail("a")
    #expect(world.refusals[ticket]?.retryAfter == .seconds(2))
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(behind))
    #expect(world.records.map(\.outcome) == [.success, .failed, .success])
    #expect(world.records.last?.trigger == .recovery)
    world.expectSound()
  }

  @Test func `the operator is told when a model neither sleeps nor stops`() {
    var world = World(["a"])
    world.bring("a")
    let command = world.command(.sleep("a", nil))
    world.fail("a")
    world.fail("a")
    guard case .switchFailed("a", let message, _) = world.error(command) else {
      return #expect(world.error(command) != nil)
    }
    #expect(message == "a could be neither put to sleep nor stopped: planned")
    #expect(world.work("a") == .waking)
    world.expectSound()
  }

  @Test func `a model that the operator woke while it was left alone has no failure to show any more`() {
    var world = World(["a"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    #expect(world.machine.snapshot(at: world.now).models[0].failure != nil)
    world.command(.wake("a"))
    world.succeed("a")
    #expect(world.machine.snapshot(at: world.now).models[0].failure == nil)
    world.expectSound()
  }
}
