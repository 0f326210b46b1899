internal import Core
internal import Testing

@testable import Switcher

struct QueueingTests {
  @Test func `a request for the active model is granted at once`() {
    var world = World(["a"])
    world.bring("a")
    let ticket = world.arrive("a")
    #expect(world.openGrants.map(\.ticket) == [ticket])
    #expect(world.openGrants.map(\.waited) == [false])
    world.expectSound()
  }

  @Test func `a model that is not configured is unknown`() {
    var world = World(["a"])
    let ticket = world.arrive("z")
    #expect(world.refusals[ticket] == .unknownModel("z"))
    world.expectSound()
  }

  @Test func `no more than the limit are in flight, the others follow in order`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxInFlight: 2)])
    let tickets = (0..<4).map { _ in world.arrive("a") }
    world.succeed("a")
    #expect(tickets.map(world.isGranted) == [true, true, false, false])
    world.finish(tickets[1])
    #expect(tickets.map(world.isGranted) == [true, false, true, false])
    world.finish(tickets[0])
    #expect(tickets.map(world.isGranted) == [false, false, true, true])
    #expect(world.openGrants.map(\.waited) == [true, true])
    world.expectSound()
  }

  @Test func `no more than the limit wait, and the limit is told`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxQueue: 2)])
    let tickets = (0..<3).map { _ in world.arrive("a") }
    #expect(world.refusals == [tickets[2]: .queueFull(limit: 2)])
    world.abandon(tickets[0])
    let another = world.arrive("a")
    #expect(world.isWaiting(another))
    world.expectSound()
  }

  @Test func `who may not wait is served only by a model that is there`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxQueue: 0)])
    let refused = world.arrive("a")
    #expect(world.refusals[refused] == .queueFull(limit: 0))
    world.command(.wake("a"))
    world.succeed("a")
    let next = world.arrive("a")
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `a waiting request is told at its deadline how long it waited`() {
    var world = World(["a", "b"])
    world.pass(.seconds(1))
    let ticket = world.arrive("a", patience: .seconds(4))
    let patient = world.arrive("a", patience: .seconds(9))
    world.pass(.milliseconds(3_999))
    #expect(world.isWaiting(ticket))
    world.pass(.milliseconds(1))
    #expect(world.refusals == [ticket: .timedOut(after: .seconds(4))])
    #expect(world.machine.waitingCount == 1)
    world.succeed("a")
    #expect(world.isGranted(patient))
    world.expectSound()
  }

  @Test func `deadlines need not come in the order of arrival`() {
    var world = World(["a"])
    let tickets = [9, 3, 6].map { world.arrive("a", patience: .seconds($0)) }
    world.pass(.seconds(3))
    #expect(tickets.map(world.isWaiting) == [true, false, true])
    world.pass(.seconds(3))
    #expect(tickets.map(world.isWaiting) == [true, false, false])
    world.succeed("a")
    #expect(world.isGranted(tickets[0]))
    world.expectSound()
  }

  @Test func `a start that is slower than the request goes on, and the model serves the next one`() {
    var world = World(["a"])
    let ticket = world.arrive("a", patience: .seconds(4))
    world.pass(.seconds(30))
    #expect(world.refusals[ticket] == .timedOut(after: .seconds(4)))
    #expect(world.work("a") == .waking)
    world.succeed("a")
    let next = world.arrive("a")
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `a request whose deadline has passed already is granted if nothing stands in its way, else turned away`() {
    var world = World(["a", "b"])
    let late = world.arrive("a", patience: .seconds(-1))
    #expect(world.refusals[late] == .timedOut(after: .zero))
    #expect(world.work("a") == nil)
    world.bring("a")
    let next = world.arrive("a", patience: .seconds(-1))
    #expect(world.isGranted(next))
    world.expectSound()
  }

  @Test func `those whose time is up hold no place in a full queue, however late the timer is`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxQueue: 1)])
    let first = world.arrive("a", patience: .seconds(4))
    world.oversleep(.seconds(5))
    let second = world.arrive("a")
    #expect(world.refusals == [first: .timedOut(after: .seconds(5))])
    #expect(world.isWaiting(second))
    world.expectSound()
  }

  @Test func `whoever leaves the queue is neither counted nor served`() {
    var world = World(["a"])
    let tickets = (0..<3).map { _ in world.arrive("a") }
    world.abandon(tickets[1])
    #expect(world.refusals == [tickets[1]: .abandoned])
    #expect(world.machine.snapshot(at: world.now).models.map(\.queueDepth) == [2])
    world.succeed("a")
    #expect(tickets.map(world.isGranted) == [true, false, true])
    world.expectSound()
  }

  @Test func `whoever leaves after the grant is counted until it ends`() {
    var world = World(["a"])
    let ticket = world.arrive("a")
    world.succeed("a")
    world.abandon(ticket)
    #expect(world.machine.models[0].inFlight == 1)
    world.finish(ticket)
    #expect(world.machine.models[0].inFlight == 0)
    world.expectSound()
  }

  @Test func `a thousand that leave take every count back to zero`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let tickets = (0..<1_000).map { world.arrive($0.isMultiple(of: 3) ? "a" : "b") }
    for ticket in tickets.shuffled() { world.abandon(ticket) }
    world.finish(running)
    world.finishAll()
    #expect(world.machine.waitingCount == 0)
    #expect(world.machine.snapshot(at: world.now).models.map(\.queueDepth) == [0, 0])
    #expect(world.machine.snapshot(at: world.now).models.map(\.inFlight) == [0, 0])
    #expect(world.active == "a")
    world.expectSound()
  }

  @Test func `who comes as another request ends does not overtake those who wait`() {
    var world = World(["a"], limits: ["a": ModelLimits(maxInFlight: 1)])
    world.bring("a")
    let running = world.arrive("a")
    let waiting = world.arrive("a")
    var late: Ticket?
    world.atOnce { world in
      world.finish(running)
      late = world.arrive("a")
    }
    #expect(world.isGranted(waiting))
    #expect(late.map(world.isWaiting) == true)
    world.expectSound()
  }
}
