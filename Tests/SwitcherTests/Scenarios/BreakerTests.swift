import Core
import Testing

@testable import Switcher

/// A model that fails again and again.
struct BreakerTests {
  /// a has failed as often as opens its breaker, and the wait after that is over; b is there, too.
  private var halfOpen: World {
    var world = World(["a", "b"], limits: ["a": ModelLimits(breakerFailures: 2)])
    for wait in [2, 4] {
      world.arrive("a")
      world.fail("a")
      world.succeed("a")
      world.pass(.seconds(wait))
    }
    return world
  }

  private func breaker(_ model: ModelID, in world: World) -> BreakerState? {
    world.machine.snapshot(at: world.now).models.first { $0.id == model }?.breaker
  }

  @Test func `its breaker opens after so many failures in a row, and half opens after the wait`() {
    var world = World(["a"], limits: ["a": ModelLimits(breakerFailures: 2)])
    #expect(breaker("a", in: world) == .closed)
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    #expect(breaker("a", in: world) == .closed)
    world.pass(.seconds(2))
    world.arrive("a")
    world.fail("a")
    #expect(breaker("a", in: world) == .open)
    world.succeed("a")
    world.pass(.seconds(4))
    #expect(breaker("a", in: world) == .halfOpen)
    world.expectSound()
  }

  @Test func `while it is half open one request tries the model, and the others are turned away`() {
    var world = halfOpen
    let probe = world.arrive("a")
    #expect(world.work("a") == .waking)
    let other = world.arrive("a")
    #expect(world.refusals[other] == .switchFailed("a", message: "planned", retryAfter: .seconds(2)))
    world.succeed("a")
    #expect(world.isGranted(probe))
    #expect(breaker("a", in: world) == .closed)
    let next = world.arrive("a")
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `a probe that fails opens it again, for longer`() {
    var world = halfOpen
    let probe = world.arrive("a")
    world.fail("a")
    #expect(world.refusals[probe]?.retryAfter == .seconds(8))
    #expect(breaker("a", in: world) == .open)
    world.expectSound()
  }

  @Test func `a probe that waits for its turn keeps the others out, and one that leaves lets the next in`() {
    var world = halfOpen
    world.bring("b")
    let running = world.arrive("b")
    let probe = world.arrive("a")
    #expect(world.isWaiting(probe))
    let other = world.arrive("a")
    #expect(world.refusals[other] != nil)
    world.abandon(probe)
    let next = world.arrive("a")
    #expect(world.isWaiting(next))
    world.finish(running)
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `an operator's wake asks no breaker, and resets it`() {
    var world = World(["a"], limits: ["a": ModelLimits(breakerFailures: 1)])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    #expect(breaker("a", in: world) == .open)
    let command = world.command(.wake("a"))
    let waiting = [world.arrive("a"), world.arrive("a")]
    #expect(waiting.allSatisfy { world.isWaiting($0) })
    world.succeed("a")
    #expect(world.isDone(command))
    #expect(waiting.allSatisfy { world.isGranted($0) })
    #expect(world.machine.models[0].breaker.failures == 0)
    world.expectSound()
  }

  @Test func `a server that comes up and dies opens it, too`() {
    var world = World(["a"], limits: ["a": ModelLimits(breakerFailures: 2)])
    world.bring("a")
    world.perish("a")
    #expect(breaker("a", in: world) == .closed)
    world.bring("a")
    world.perish("a")
    #expect(breaker("a", in: world) == .open)
    world.expectSound()
  }
}
