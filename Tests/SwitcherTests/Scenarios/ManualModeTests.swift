internal import Core
internal import Policies
internal import Testing

@testable import Switcher

struct ManualModeTests {
  /// Manual mode, a active.
  private var manual: World {
    var world = World(["a", "b", "c"])
    world.bring("a")
    world.command(.manual)
    return world
  }

  /// Pinned to a, which is active.
  private var pinned: World {
    var world = World(["a", "b", "c"])
    world.command(.pin("a"))
    world.succeed("a")
    return world
  }

  @Test func `only the active model is served, the others are refused at once`() {
    var world = manual
    let served = world.arrive("a")
    let refused = world.arrive("b")
    #expect(world.isGranted(served))
    #expect(world.refusals[refused] == .manualMode(served: "a"))
    world.expectSound()
  }

  @Test func `an empty GPU stays empty`() {
    var world = World(["a"])
    world.command(.manual)
    let ticket = world.arrive("a")
    #expect(world.refusals[ticket] == .manualMode(served: nil))
    #expect(world.work("a") == nil)
    world.expectSound()
  }

  @Test func `those who wait already are refused when the mode changes`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(60)))
    world.bring("a")
    let ticket = world.arrive("b")
    world.command(.manual)
    #expect(world.refusals[ticket] == .manualMode(served: "a"))
    world.expectSound()
  }

  @Test func `the target of a switch under way is served, the old model's late callers are not`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let running = world.arrive("a")
    let target = world.arrive("b")
    let late = world.arrive("a")
    let third = world.arrive("c")
    world.command(.manual)
    #expect(world.refusals[late] == .manualMode(served: "b"))
    #expect(world.refusals[third] == .manualMode(served: "b"))
    world.finish(running)
    world.succeed("a")
    let another = world.arrive("b")
    world.succeed("b")
    #expect(world.isGranted(target) && world.isGranted(another))
    world.expectSound()
  }

  @Test func `the served model that dies comes back for the next request`() {
    var world = manual
    world.perish("a")
    #expect(world.work("a") == nil)
    let ticket = world.arrive("a")
    let refused = world.arrive("b")
    #expect(world.refusals[refused] == .manualMode(served: "a"))
    world.succeed("a")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.trigger == .recovery)
    world.expectSound()
  }

  @Test func `after a failed switch the model that was left comes back for the next request`() {
    var world = manual
    let command = world.command(.force("b"))
    world.succeed("a")
    world.fail("b")
    world.succeed("b")
    #expect(world.error(command) != nil)
    #expect(world.work("a") == nil)
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `whom the operator put to sleep stays asleep`() {
    var world = manual
    world.command(.sleep("a", nil))
    world.succeed("a")
    let ticket = world.arrive("a")
    #expect(world.refusals[ticket] == .manualMode(served: nil))
    world.expectSound()
  }

  @Test func `whom the operator put to sleep after it died stays away`() {
    var world = manual
    world.perish("a")
    let command = world.command(.sleep("a", nil))
    #expect(world.isDone(command))
    let ticket = world.arrive("a")
    #expect(world.refusals[ticket] == .manualMode(served: nil))
    world.expectSound()
  }

  @Test func `a switch moves what is served`() {
    var world = manual
    world.command(.force("b"))
    world.succeed("a")
    world.succeed("b")
    let served = world.arrive("b")
    let refused = world.arrive("a")
    #expect(world.isGranted(served))
    #expect(world.refusals[refused] == .manualMode(served: "b"))
    #expect(world.machine.mode == .manual(pinned: nil))
    world.expectSound()
  }

  @Test func `back in auto mode the policy decides again`() {
    var world = manual
    world.command(.auto)
    let ticket = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  // MARK: Pins

  @Test func `a pin is manual mode and a switch`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let command = world.command(.pin("b"))
    #expect(world.machine.mode == .manual(pinned: "b"))
    let refused = world.arrive("a")
    #expect(world.refusals[refused] == .manualMode(served: "b"))
    world.finish(running)
    world.succeed("a")
    #expect(!world.isDone(command))
    world.succeed("b")
    #expect(world.isDone(command))
    #expect(world.records.last?.trigger == .pin)
    world.expectSound()
  }

  @Test(arguments: [Mode.auto, .manual(pinned: nil), .manual(pinned: "a")])
  func `a pin that can't be had is taken back`(_ mode: Mode) {
    var world = World(["a", "b"])
    world.bring("a")
    if mode.isManual { world.command(.manual) }
    if let pinned = mode.pinned { world.command(.pin(pinned)) }
    let command = world.command(.pin("b"))
    world.succeed("a")
    world.fail("b")
    #expect(world.error(command)?.retryAfter == .seconds(2))
    #expect(world.machine.mode == mode)
    world.expectSound()
  }

  @Test func `of two pins that can't be had neither stays`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    world.command(.pin("b"))
    world.command(.pin("c"))
    world.succeed("a")
    world.fail("b")
    #expect(world.machine.mode == .manual(pinned: "c"))
    world.succeed("b")
    world.fail("c")
    #expect(world.machine.mode == .auto)
    world.expectSound()
  }

  @Test func `a pin that fails falls back to the one that was had meanwhile`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    world.command(.pin("b"))
    world.command(.pin("c"))
    world.succeed("a")
    world.succeed("b")
    #expect(world.machine.mode == .manual(pinned: "c"))
    world.succeed("b")
    world.fail("c")
    #expect(world.machine.mode == .manual(pinned: "b"))
    world.expectSound()
  }

  @Test func `the mode that is set while a pin is on its way outlasts it`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.command(.pin("b"))
    world.command(.manual)
    world.succeed("a")
    world.fail("b")
    #expect(world.machine.mode == .manual(pinned: nil))
    world.expectSound()
  }

  @Test(arguments: [Command.auto, .unpin])
  func `whoever unpins while the pin is on its way means it`(_ command: Command) {
    var world = World(["a", "b"])
    world.bring("a")
    let pin = world.command(.pin("b"))
    world.command(command)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isDone(pin))
    #expect(world.machine.mode == .auto)
    world.expectSound()
  }

  @Test func `manual mode keeps the pin`() {
    var world = pinned
    world.command(.manual)
    #expect(world.machine.mode == .manual(pinned: "a"))
    world.expectSound()
  }

  @Test func `unpinned, the policy decides again`() {
    var world = pinned
    let refused = world.arrive("b")
    #expect(world.refusals[refused] == .manualMode(served: "a"))
    world.command(.unpin)
    #expect(world.machine.mode == .auto)
    let ticket = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test(arguments: [Command.force("b"), .wake("b")]) func `a switch moves the pin along`(_ command: Command) {
    var world = pinned
    world.command(command)
    #expect(world.machine.mode == .manual(pinned: "b"))
    world.succeed("a")
    world.succeed("b")
    #expect(world.machine.mode == .manual(pinned: "b"))
    world.expectSound()
  }

  @Test func `a switch that fails leaves the pin where it was, and a request brings its model back`() {
    var world = pinned
    world.command(.force("b"))
    world.succeed("a")
    world.fail("b")
    #expect(world.machine.mode == .manual(pinned: "a"))
    world.succeed("b")
    #expect(world.work("a") == nil)
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    #expect(world.records.last?.trigger == .pin)
    world.expectSound()
  }

  @Test func `a request for the pinned model during a switch away from it waits for the pin`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let other = world.arrive("b")
    let pin = world.command(.pin("c"))
    let ticket = world.arrive("c")
    #expect(world.isWaiting(other) && world.isWaiting(ticket))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(other))
    world.finish(other)
    world.succeed("b")
    world.succeed("c")
    #expect(world.isGranted(ticket))
    #expect(world.isDone(pin))
    world.expectSound()
  }

  @Test func `a request for the pinned model brings it back, whatever became of it`() {
    var world = pinned
    world.command(.sleep("a", nil))
    world.succeed("a")
    #expect(world.active == nil)
    let refused = world.arrive("b")
    #expect(world.refusals[refused] == .manualMode(served: "a"))
    let first = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(first))
    world.perish("a")
    let second = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(second))
    world.expectSound()
  }
}
