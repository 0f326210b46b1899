internal import Core
internal import Policies
internal import Testing

@testable import Switcher

struct DrainDeadlineTests {
  /// a is awake, and has five seconds for a drain.
  private func world(maxInFlight: Int? = nil) -> World {
    var world = World(
      ["a", "b"], limits: ["a": ModelLimits(maxInFlight: maxInFlight, drainTimeout: .seconds(5))])
    world.bring("a")
    return world
  }

  @Test func `a request that outlives the drain's time is cut off then, and the switch goes on`() {
    var world = world()
    let hung = world.arrive("a")
    world.pass(.seconds(60))
    let other = world.arrive("b")
    world.pass(.milliseconds(4_999))
    #expect(world.cuts.isEmpty)
    world.pass(.milliseconds(1))
    #expect(world.cuts.map(\.model) == ["a"])
    // It is counted until it has ended.
    #expect(world.state("a") == .draining)
    world.finish(hung)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    #expect(world.records.map(\.cutRequests) == [0, 1])
    #expect(world.records.last?.outcome == .success)
    world.expectSound()
  }

  @Test func `a drain without a deadline takes as long as its requests`() {
    var world = World(["a", "b"])
    world.bring("a")
    let hung = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(1_000_000))
    #expect(world.cuts.isEmpty)
    #expect(world.isGranted(hung))
    #expect(world.state("a") == .draining)
  }

  @Test func `who is not reached by a cut is cut off again each second, and counted once`() {
    var world = world()
    let hung = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(8))
    #expect(world.cuts.map(\.at) == [5, 6, 7, 8].map { .zero + .seconds($0) })
    world.finish(hung)
    world.pass(.seconds(8))
    #expect(world.cuts.count == 4)
    world.succeed("a")
    world.succeed("b")
    #expect(world.records.last?.cutRequests == 1)
    world.expectSound()
  }

  @Test func `only those are counted that have not ended in time`() {
    var world = world()
    let quick = (0..<49).map { _ in world.arrive("a") }
    let endless = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(4))
    for ticket in quick { world.finish(ticket) }
    world.pass(.seconds(1))
    #expect(world.cuts.map(\.requests) == [1])
    world.finish(endless)
    world.expectSound()
  }

  @Test func `nobody is cut off where all end in time`() {
    var world = world()
    let quick = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(4))
    world.finish(quick)
    world.pass(.seconds(60))
    #expect(world.cuts.isEmpty)
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `nobody is cut off for a switch that is taken back`() {
    var world = world()
    let long = world.arrive("a")
    let impatient = world.arrive("b")
    world.pass(.seconds(4))
    world.abandon(impatient)
    world.pass(.seconds(60))
    #expect(world.cuts.isEmpty)
    let late = world.arrive("a")
    #expect(world.isGranted(late))
    // The next drain has all its time again.
    world.arrive("b")
    world.pass(.seconds(4))
    #expect(world.cuts.isEmpty)
    world.command(.wake("a"))
    world.pass(.milliseconds(1))
    #expect(world.records.last?.outcome == .cancelled)
    world.finish(long)
    world.expectSound()
  }

  @Test func `who still waits for the old model at the deadline has to wait for its return`() {
    var world = world(maxInFlight: 1)
    let hung = world.arrive("a")
    world.replacePolicy(FIFO(minActive: .seconds(60)))
    let queued = world.arrive("a")
    world.arrive("b")
    world.replacePolicy(FIFO(minActive: .zero))
    world.pass(.seconds(5))
    world.finish(hung)
    #expect(world.isWaiting(queued))
    #expect(world.work("a") == .sleeping(nil))
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(queued))
    world.expectSound()
  }

  @Test(arguments: [.sleep("a", nil), .force("b"), .pin("b"), .wake("b")] as [Command])
  func `what the operator orders is not held up for longer either`(command: Command) {
    var world = world()
    let hung = world.arrive("a")
    let id = world.command(command)
    world.pass(.seconds(5))
    #expect(world.cuts.count == 1)
    world.finish(hung)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isDone(id))
    world.expectSound()
  }

  @Test func `nor is a model's removal`() {
    var world = world()
    let hung = world.arrive("a")
    world.reconfigure(["b"])
    world.pass(.seconds(5))
    #expect(world.cuts.count == 1)
    world.finish(hung)
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test(
    arguments: [(nil, []), (.seconds(20), [20]), (.seconds(10), [10]), (.seconds(1), [3])] as [(Duration?, [Int])])
  func `a new configuration's deadline is that of the drain under way, too`(timeout: Duration?, cuts: [Int]) {
    var world = world()
    world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(3))
    world.reconfigure(["a", "b"], limits: ["a": ModelLimits(drainTimeout: timeout)])
    world.pass(.milliseconds(17_500))
    #expect(world.cuts.prefix(1).map(\.at) == cuts.map { .zero + .seconds($0) })
    world.expectSound()
  }

  @Test func `the requests of a daemon that ends have its grace, and no other deadline`() {
    var world = world()
    world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(3))
    world.shutDown()
    world.pass(.seconds(60))
    #expect(world.cuts.isEmpty)
    world.expectSound()
  }

  @Test func `a server that dies past its drain's deadline is not waited for`() {
    var world = world()
    world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(5))
    world.perish("a")
    #expect(world.work("b") == .waking)
    world.pass(.seconds(5))
    #expect(world.cuts.count == 1)
    world.expectSound()
  }
}
