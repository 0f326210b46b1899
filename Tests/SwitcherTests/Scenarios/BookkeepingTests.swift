internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// What status pages and metrics read.
struct BookkeepingTests {
  @Test func `the GPU's time is accounted for second by second`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(20)))
    world.pass(.seconds(1))
    let first = world.arrive("a")
    world.pass(.seconds(2))
    world.succeed("a")
    world.pass(.seconds(4))
    world.finish(first)
    world.pass(.seconds(8))
    let other = world.arrive("b")
    world.pass(.seconds(5))
    let second = world.arrive("a")
    world.pass(.seconds(16))
    world.finish(second)
    world.pass(.seconds(32))
    world.succeed("a")
    world.pass(.seconds(64))
    world.succeed("b")
    world.pass(.seconds(128))
    world.finish(other)
    world.pass(.seconds(256))
    let slack = Duration.microseconds(1)
    let expected: [GPUTime.Account: Duration] = [
      .init(model: nil, use: .empty): .seconds(1),
      .init(model: "a", use: .waking): .seconds(2),
      .init(model: "a", use: .serving): .seconds(4 + 3) + slack,
      .init(model: "a", use: .idle): .seconds(8),
      .init(model: "a", use: .holding): .seconds(5),
      .init(model: "a", use: .draining): .seconds(13) - slack,
      .init(model: "a", use: .sleeping): .seconds(32),
      .init(model: "b", use: .waking): .seconds(64),
      .init(model: "b", use: .serving): .seconds(128),
      .init(model: "b", use: .idle): .seconds(256),
    ]
    let spent = world.machine.snapshot(at: world.now).gpuTime
    #expect(spent == expected)
    #expect(spent.values.reduce(Duration.zero, +) == .seconds(516))
    world.expectSound()
  }

  @Test func `the running account counts before it ends`() {
    var world = World(["a"])
    world.arrive("a")
    world.pass(.seconds(3))
    #expect(world.machine.snapshot(at: world.now).gpuTime[.init(model: "a", use: .waking)] == .seconds(3))
    world.expectSound()
  }

  @Test func `the snapshot tells the mode, the queues and the switch under way`() throws {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(2))
    world.arrive("b")
    world.pass(.seconds(3))
    let snapshot = world.machine.snapshot(at: world.now)
    #expect(snapshot.takenAt == Instant.zero + .seconds(5))
    #expect(snapshot.mode == .auto)
    #expect(snapshot.policy == "fifo")
    #expect(snapshot.active == "a")
    #expect(snapshot.models.map(\.id) == ["a", "b"])
    #expect(snapshot.models.map(\.inFlight) == [1, 0])
    #expect(snapshot.models.map(\.queueDepth) == [0, 2])
    #expect(snapshot.models.map(\.oldestWait) == [.zero, .seconds(5)])
    let transition = try #require(snapshot.transition)
    #expect(transition.number == 2)
    #expect(transition.from == "a")
    #expect(transition.to == "b")
    #expect(transition.phase == .drain)
    #expect(transition.trigger == .request)
    #expect(transition.decidedAt == .zero)
    world.expectSound()
  }

  @Test func `while a model sleeps or wakes none is active`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    #expect(world.active == nil)
    #expect(world.state("a") == .sleeping)
    world.succeed("a")
    #expect(world.active == nil)
    world.succeed("b")
    #expect(world.active == "b")
    #expect(world.state("a") == .asleep)
    world.expectSound()
  }

  @Test func `a model that backs off tells why and how long`() throws {
    var world = World(["a"])
    world.arrive("a")
    world.fail("a")
    #expect(world.state("a") == .failed)
    world.succeed("a")
    world.pass(.milliseconds(500))
    let model = try #require(world.machine.snapshot(at: world.now).models.first)
    #expect(model.state == .failed)
    let failure = try #require(model.failure)
    #expect(failure.message == "planned")
    #expect(failure.retryAfter == .milliseconds(1_500))
    world.pass(.milliseconds(1_500))
    #expect(world.state("a") == .stopped)
    world.expectSound()
  }
}
