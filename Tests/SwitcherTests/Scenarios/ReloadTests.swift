internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// Models that come, go and change, told step by step.
struct ReloadTests {
  private var world = World(["a", "b"])

  /// The models whose servers are being ended for good.
  private func retiring(_ world: World) -> [ModelID] {
    world.models.filter { world.servers[world.index(of: $0)].isRetiring }
  }

  @Test mutating func `a reload that changes no model is not noticed by any`() {
    world.bring("a")
    let running = world.arrive("a")
    let waiting = world.arrive("b")
    world.reconfigure(["a", "b"])
    #expect(world.effects.allSatisfy { $0.isNotice })
    #expect(world.isGranted(running) && world.isWaiting(waiting))
    world.expectSound()
  }

  @Test mutating func `an eviction that was set while running gives way to the configuration's`() {
    world.bring("a")
    world.command(.setEviction("a", Eviction(weights: .retain, process: .cudaSuspend)))
    world.reconfigure(["a", "b"])
    #expect(world.machine.snapshot(at: world.now).models.map(\.eviction) == [nil, nil])
    world.arrive("b")
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test mutating func `a model that is added is served`() {
    world.reconfigure(["a"])
    world.succeed("b")
    let early = world.arrive("b")
    #expect(world.refusals[early] == .unknownModel("b"))
    world.reconfigure(["a", "b"])
    let ticket = world.arrive("b")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test mutating func `a removed model ends what it has, then its server is ended`() {
    world.bring("a")
    let running = world.arrive("a")
    world.reconfigure(["b"])
    #expect(world.state("a") == .draining)
    let late = world.arrive("a")
    #expect(world.refusals[late] == .unknownModel("a"))
    #expect(world.isGranted(running))
    world.finish(running)
    world.succeed("a")
    #expect(retiring(world) == ["a"])
    world.succeed("a")
    #expect(world.state("a") == nil)
    world.expectSound()
  }

  @Test mutating func `who waits for a removed model is told that it does not exist`() {
    world.bring("a")
    let running = world.arrive("a")
    let waiting = world.arrive("b")
    world.reconfigure(["a"])
    #expect(world.refusals[waiting] == .unknownModel("b"))
    #expect(world.isGranted(running))
    #expect(world.state("a") == .active)
    world.expectSound()
  }

  @Test mutating func `the start of a removed model is ended`() {
    let waiting = world.arrive("a")
    let command = world.command(.wake("a"))
    world.reconfigure(["b"])
    #expect(world.refusals[waiting] == .unknownModel("a"))
    #expect(world.error(command) == .unknownModel("a"))
    #expect(world.work("a") == .stopping)
    let other = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.expectSound()
  }

  @Test mutating func `who waits for a model with other settings is served by its new server`() {
    world.bring("a")
    let running = world.arrive("a")
    world.reconfigure(["a", "b"], renewed: ["a"])
    let waiting = world.arrive("a")
    #expect(world.isGranted(running) && world.isWaiting(waiting))
    world.finish(running)
    world.succeed("a")
    #expect(retiring(world) == ["a"])
    #expect(world.work("a") == nil)
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test mutating func `a start with settings that have changed meanwhile begins anew`() {
    let waiting = world.arrive("a")
    world.reconfigure(["a", "b"], renewed: ["a"])
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    #expect(world.work("a") == nil)
    world.succeed("a")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test mutating func `two edits in a row start one server`() {
    world.bring("a")
    let waiting = world.arrive("b")
    world.reconfigure(["a", "b"], renewed: ["b"])
    world.reconfigure(["a", "b"], renewed: ["b"])
    world.succeed("a")
    #expect(world.work("b") == nil)
    world.succeed("b")
    #expect(world.work("b") == .waking)
    world.succeed("b")
    #expect(world.isGranted(waiting))
    #expect(world.servers[1].instance == Instance(1))
    world.expectSound()
  }

  @Test mutating func `a model that is removed and comes back at once gets a new server`() {
    world.bring("a")
    let running = world.arrive("a")
    world.reconfigure(["b"])
    world.reconfigure(["a", "b"])
    let waiting = world.arrive("a")
    world.finish(running)
    world.succeed("a")
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test mutating func `a sleeping model departs beside a switch of others`() {
    world = World(["a", "b", "c"])
    world.bring("c")
    world.command(.wake("a"))
    world.succeed("c")
    world.succeed("a")
    let waiting = world.arrive("b")
    world.reconfigure(["a", "b"])
    #expect(retiring(world) == ["c"])
    #expect(world.work("a") == .sleeping(nil))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test mutating func `a pin survives a reload, and a new server of its model`() {
    let pin = world.command(.pin("a"))
    world.succeed("a")
    #expect(world.isDone(pin))
    world.reconfigure(["b", "a"], renewed: ["a"])
    let waiting = world.arrive("a")
    world.succeed("a")
    world.succeed("a")
    world.succeed("a")
    #expect(world.isGranted(waiting))
    #expect(world.machine.mode == .manual(pinned: "a"))
    world.expectSound()
  }

  @Test mutating func `a pin goes with its model`() {
    world.command(.pin("a"))
    world.succeed("a")
    world.reconfigure(["b"])
    #expect(world.machine.mode == .auto)
    world.expectSound()
  }

  @Test mutating func `manual mode goes on serving the model that was active, also by its new server`() {
    world.bring("a")
    world.command(.manual)
    world.reconfigure(["a", "b"], renewed: ["a"])
    let other = world.arrive("b")
    #expect(world.refusals[other] == .manualMode(served: "a"))
    world.succeed("a")
    world.succeed("a")
    let waiting = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(waiting))
    world.expectSound()
  }

  @Test mutating func `limits change at once and without a new server`() {
    world.bring("a")
    world.reconfigure(["a", "b"], limits: ["a": ModelLimits(maxInFlight: 1, maxQueue: 1)])
    let tickets = (0..<3).map { _ in world.arrive("a") }
    #expect(world.isGranted(tickets[0]) && world.isWaiting(tickets[1]))
    #expect(world.refusals[tickets[2]] == .queueFull(limit: 1))
    world.expectSound()
  }

  @Test mutating func `new settings end the time for which a model that failed is left alone`() {
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    #expect(world.state("a") == .failed)
    world.reconfigure(["a", "b"], renewed: ["a"])
    world.succeed("a")
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test mutating func `the active model stays when the model that the operator wants instead is removed`() {
    world.bring("a")
    let running = world.arrive("a")
    let force = world.command(.force("b"))
    world.reconfigure(["a"])
    #expect(world.error(force) == .unknownModel("b"))
    #expect(world.records.last?.outcome == .cancelled)
    world.finish(running)
    #expect(world.work("a") == nil)
    #expect(world.state("a") == .active)
    world.expectSound()
  }

  @Test mutating func `manual mode does not go back to a model that was removed, whatever comes by its name`() {
    world.bring("a")
    world.command(.manual)
    world.reconfigure(["b"])
    world.rest()
    world.reconfigure(["a", "b"])
    let ticket = world.arrive("a")
    #expect(world.refusals[ticket] == .manualMode(served: nil))
    world.expectSound()
  }

  @Test mutating func `a model that slept starts cold with other settings`() {
    world.bring("a")
    world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    #expect(world.state("a") == .asleep)
    world.reconfigure(["a", "b"], renewed: ["a"])
    world.succeed("a")
    #expect(world.state("a") == .stopped)
    world.expectSound()
  }
}

extension Effect {
  /// Whether it only tells, and nothing is done.
  fileprivate var isNotice: Bool {
    if case .note = self { true } else { false }
  }
}
