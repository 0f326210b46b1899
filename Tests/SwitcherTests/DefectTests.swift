internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// The defects that switchers like this one had, each as the schedule that showed it. Those that need processes or sockets
/// are shown from outside, in `scripts/acceptance.d/scenarios`: 12 (no stranger's process is touched) in
/// `strangers.py` and in `OrphanTests`, 18 (no orphan is left) in `shutdown.py`, and the abort of a stream's upstream, which belongs to 7,
/// in `departures.py`.
struct DefectTests {
  @Test func `1: who was told that its model is ready is counted before the next switch can drain`() {
    var world = World(["a", "b"])
    let first = world.arrive("a")
    let next = world.arrive("b")
    world.succeed("a")
    #expect(world.isGranted(first))
    #expect(world.state("a") == .draining)
    #expect(world.work("a") == nil)
    world.finish(first)
    #expect(world.work("a") == .sleeping(nil))
    #expect(world.isWaiting(next))
    world.expectSound()
  }

  @Test func `2: a switch whose queue was served or left in the meantime does not happen`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let other = world.arrive("b")
    world.abandon(other)
    world.finish(running)
    #expect(world.work("a") == nil)
    #expect(world.active == "a")
    world.expectSound()
  }

  @Test func `3: a start slower than the request's time-out goes on, as one process that serves the next request`() {
    var world = World(["a"])
    let late = world.arrive("a", patience: .seconds(4))
    world.pass(.seconds(30))
    #expect(world.refusals[late] == .timedOut(after: .seconds(4)))
    #expect(world.work("a") == .waking)
    world.succeed("a")
    let next = world.arrive("a")
    #expect(world.openGrants.map(\.ticket) == [next])
    #expect(world.openGrants.map(\.instance) == [Instance(1)])
    world.expectSound()
  }

  @Test func `4: waiters whose time is up or who left are neither counted nor served`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let expiring = world.arrive("b", patience: .seconds(1))
    let leaving = world.arrive("b")
    let staying = world.arrive("b")
    world.abandon(leaving)
    world.pass(.seconds(1))
    #expect(world.machine.snapshot(at: world.now).models.map(\.queueDepth) == [0, 1])
    world.finish(running)
    world.succeed("a")
    world.succeed("b")
    #expect([expiring, leaving, staying].map(world.isGranted) == [false, false, true])
    world.expectSound()
  }

  @Test func `5: a request for B that comes during a switch from A to C gets a switch of its own`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let first = world.arrive("c")
    #expect(world.work("a") == .sleeping(nil))
    let second = world.arrive("b")
    world.succeed("a")
    world.succeed("c")
    world.finish(first)
    world.succeed("c")
    world.succeed("b")
    #expect(world.isGranted(second))
    world.expectSound()
  }

  @Test func `6: a request for a model that has begun to drain waits for its return, and is not refused`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let other = world.arrive("b")
    let late = world.arrive("a")
    #expect(world.isWaiting(late))
    world.finish(running)
    world.succeed("a")
    world.succeed("b")
    world.finish(other)
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(late))
    world.expectSound()
  }

  @Test func `7: a stream holds its model to the last byte, or until its client has left`() {
    var world = World(["a", "b"])
    world.bring("a")
    let stream = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(3600))
    #expect(world.state("a") == .draining)
    #expect(world.work("a") == nil)
    world.finish(stream)
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `8: a wake that fails is followed by a stop and a cold start, and that by an error and a rest`() {
    var world = World(["a", "b"])
    world.bring("b")
    let running = world.arrive("a")
    world.succeed("b")
    world.succeed("a")
    world.finish(running)
    let failing = world.arrive("b")
    world.succeed("a")
    world.fail("b")
    #expect(world.work("b") == .stopping)
    world.succeed("b")
    #expect(world.state("b") == .starting)
    world.fail("b")
    #expect(world.refusals[failing]?.retryAfter == .seconds(2))
    world.succeed("b")
    #expect(world.active == nil)
    let next = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `9: a model whose sleep fails is stopped, and the wake goes on`() {
    var world = World(["a", "b"])
    world.bring("a")
    let ticket = world.arrive("b")
    world.fail("a")
    #expect(world.work("a") == .stopping)
    #expect(world.work("b") == nil)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test(arguments: [true, false]) func `10: a server that dies, running or asleep, is started cold on the next request`(
    _ isRunning: Bool
  ) {
    var world = World(["a", "b"])
    world.bring("a")
    if !isRunning {
      world.arrive("b")
      world.succeed("a")
      world.succeed("b")
      world.finishAll()
    }
    world.perish("a")
    #expect(world.state("a") == .stopped)
    let ticket = world.arrive("a")
    if !isRunning { world.succeed("b") }
    #expect(world.state("a") == .starting)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test(arguments: PolicyCatalogue.names)
  func `11: a model is put to sleep as it is configured itself, whatever the policy`(policy name: String) throws {
    let policy = try #require(PolicyCatalogue.policy(named: name)).init(options: PolicyOptions())
    var world = World(["a", "b"], policy: policy)
    world.bring("a")
    // An operator's own eviction is for that one sleep.
    let stop = Eviction(weights: .discard, process: .stop)
    world.command(.sleep("a", stop))
    #expect(world.work("a") == .sleeping(stop))
    world.succeed("a")
    world.bring("a")
    world.arrive("b")
    // However long the policy has the next one wait.
    for _ in 0..<600 where world.work("a") == nil { world.pass(.seconds(1)) }
    // No eviction is passed on: the runtime knows its model's own.
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `13: neither a flood for a model that goes to sleep nor a double force-switch loses anything`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let commands = [world.command(.force("b")), world.command(.force("c"))]
    let flood = (0..<50).map { _ in world.arrive("a") }
    for ticket in flood.prefix(25) { world.abandon(ticket) }
    for model in ["a", "b", "b", "c"] as [ModelID] { world.succeed(model) }
    #expect(commands.allSatisfy { world.isDone($0) })
    world.succeed("c")
    world.succeed("a")
    #expect(flood.map(world.isGranted) == (0..<50).map { $0 >= 25 })
    world.expectSound()
  }

  @Test func `14: the drain completes whichever request ends last, and whenever`() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      for endedBefore in 0...3 {
        var world = World(["a", "b"])
        world.bring("a")
        let running = (0..<3).map { _ in world.arrive("a") }
        for index in order.prefix(endedBefore) { world.finish(running[index]) }
        world.arrive("b")
        for index in order.dropFirst(endedBefore) { world.finish(running[index]) }
        #expect(world.work("a") == .sleeping(nil))
        world.expectSound()
      }
    }
  }

  @Test func `15: manual mode turns those who wait for another model away at once`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(60)))
    world.bring("a")
    let waiting = world.arrive("b")
    world.command(.manual)
    #expect(world.refusals[waiting] == .manualMode(served: "a"))
    world.expectSound()
  }

  @Test func `16: a request for the pinned model while another is active switches to the pin`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.command(.pin("a"))
    world.command(.sleep("a", nil))
    world.succeed("a")
    world.command(.auto)
    world.bring("b")
    let pin = world.command(.pin("a"))
    let ticket = world.arrive("a")
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    #expect(world.isDone(pin))
    world.expectSound()
  }

  @Test func `17: the operator's sleep and wake are switches like any other, and the state is the servers' own`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let sleep = world.command(.sleep("a", nil))
    #expect(world.work("a") == nil)
    world.finish(running)
    world.succeed("a")
    #expect(world.isDone(sleep))
    #expect(world.state("a") == .asleep)
    let wake = world.command(.wake("b"))
    world.succeed("b")
    #expect(world.isDone(wake))
    #expect(world.state("b") == .active)
    #expect(world.records.map(\.to) == ["a", nil, "b"])
    world.expectSound()
  }
}
