internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// Commands in auto mode: forced switches, wakes and sleeps.
struct OperatorTests {
  static let ending = Eviction(weights: .discard, process: .stop)

  @Test func `a forced switch does not wait for the least time, but for the drain`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(60)))
    world.bring("a")
    let running = world.arrive("a")
    let command = world.command(.force("b"))
    #expect(world.state("a") == .draining)
    #expect(world.work("a") == nil)
    world.finish(running)
    world.succeed("a")
    #expect(!world.isDone(command))
    world.succeed("b")
    #expect(world.isDone(command))
    #expect(world.records.last?.trigger == .force)
    world.expectSound()
  }

  @Test func `an eviction that is set holds for every sleep, but for one that names its own`() {
    let suspend = Eviction(weights: .retain, process: .cudaSuspend)
    var world = World(["a", "b"])
    world.bring("a")
    let order = world.command(.setEviction("a", suspend))
    #expect(world.isDone(order))
    #expect(world.machine.snapshot(at: world.now).models.map(\.eviction) == [suspend, nil])
    world.arrive("b")
    #expect(world.work("a") == .sleeping(suspend))
    world.succeed("a")
    world.succeed("b")
    world.command(.wake("a"))
    world.finishAll()
    #expect(world.work("b") == .sleeping(nil))
    world.succeed("b")
    world.succeed("a")
    world.command(.sleep("a", Self.ending))
    #expect(world.work("a") == .sleeping(Self.ending))
    world.expectSound()
  }

  @Test func `an eviction is set for a model that is configured`() {
    var world = World(["a", "b"])
    let suspend = Eviction(weights: .retain, process: .cudaSuspend)
    let order = world.command(.setEviction("z", suspend))
    #expect(world.error(order) == .unknownModel("z"))
    world.expectSound()
  }

  @Test func `a switch to the active model is done already`() {
    var world = World(["a", "b"])
    world.bring("a")
    let command = world.command(.force("a"))
    #expect(world.isDone(command))
    #expect(world.records.count == 1)
    world.expectSound()
  }

  @Test func `a forced switch goes on though nobody waits for its target`() {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    let other = world.arrive("b")
    let command = world.command(.force("b"))
    world.abandon(other)
    world.finish(running)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isDone(command))
    world.expectSound()
  }

  @Test func `a second switch to the same model joins the first`() {
    var world = World(["a", "b"])
    world.bring("a")
    let commands = [world.command(.force("b")), world.command(.wake("b"))]
    world.succeed("a")
    world.succeed("b")
    #expect(commands.map(world.isDone) == [true, true])
    #expect(world.records.count == 2)
    world.expectSound()
  }

  @Test func `a switch to a third model follows the one under way`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let commands = [world.command(.force("b")), world.command(.force("c"))]
    world.succeed("a")
    world.succeed("b")
    #expect(commands.map(world.isDone) == [true, false])
    #expect(world.work("b") == .sleeping(nil))
    world.succeed("b")
    world.succeed("c")
    #expect(commands.map(world.isDone) == [true, true])
    world.expectSound()
  }

  @Test func `of several switches the last one commanded has the last word`() {
    var world = World(["a", "b", "c"])
    world.bring("a")
    let commands = [world.command(.force("b")), world.command(.force("c")), world.command(.force("b"))]
    world.rest()
    #expect(commands.map(world.isDone) == [true, true, true])
    #expect(world.records.map(\.to) == ["a", "b", "c", "b"])
    #expect(world.active == "b")
    world.expectSound()
  }

  @Test func `a switch back during the drain takes the first one back`() {
    var world = World(["a", "b"], policy: FIFO(minActive: .seconds(60)))
    world.bring("a")
    world.arrive("a")
    let there = world.command(.force("b"))
    let late = world.arrive("a")
    let back = world.command(.force("a"))
    #expect(world.error(there) == .superseded(message: "a was asked to stay"))
    #expect(world.isDone(back))
    #expect(world.isGranted(late))
    #expect(world.records.last?.outcome == .cancelled)
    world.expectSound()
  }

  @Test func `a switch back after the drain follows`() {
    var world = World(["a", "b"])
    world.bring("a")
    let there = world.command(.force("b"))
    let back = world.command(.force("a"))
    world.succeed("a")
    world.succeed("b")
    #expect(world.isDone(there))
    world.succeed("b")
    world.succeed("a")
    #expect(world.isDone(back))
    world.expectSound()
  }

  @Test func `a switch that fails tells why, and when to try again`() {
    var world = World(["a"])
    let command = world.command(.force("a"))
    world.fail("a")
    #expect(world.error(command) == .switchFailed("a", message: "planned", retryAfter: .seconds(2)))
    world.expectSound()
  }

  @Test func `the operator need not wait for a back-off to end`() {
    var world = World(["a"])
    world.arrive("a")
    world.fail("a")
    world.succeed("a")
    let command = world.command(.wake("a"))
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isDone(command))
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a command for a model that is not configured is refused`() {
    var world = World(["a"])
    let commands = [Command.pin("z"), .force("z"), .wake("z"), .sleep("z", nil)].map { world.command($0) }
    #expect(commands.map(world.error) == Array(repeating: .unknownModel("z"), count: 4))
    #expect(world.machine.mode == .auto)
    world.expectSound()
  }

  // MARK: Sleep

  @Test func `the active model drains and sleeps as it is told`() {
    var world = World(["a"])
    world.bring("a")
    let running = world.arrive("a")
    let command = world.command(.sleep("a", Self.ending))
    #expect(world.work("a") == nil)
    world.finish(running)
    #expect(world.work("a") == .sleeping(Self.ending))
    world.succeed("a")
    #expect(world.isDone(command))
    #expect(world.state("a") == .stopped)
    #expect(world.active == nil)
    #expect(world.records.map(\.to) == ["a", nil])
    world.expectSound()
  }

  @Test func `a request for a model that was put to sleep wakes it`() {
    var world = World(["a"])
    world.bring("a")
    world.command(.sleep("a", nil))
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.state("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a second sleep joins the first, one with another eviction follows it`() {
    var world = World(["a"])
    world.bring("a")
    let running = world.arrive("a")
    let commands = [nil, nil, Self.ending].map { world.command(.sleep("a", $0)) }
    world.finish(running)
    world.succeed("a")
    #expect(commands.map(world.isDone) == [true, true, false])
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    #expect(commands.map(world.isDone) == [true, true, true])
    world.expectSound()
  }

  @Test func `a sleeping model is asleep already`() {
    var world = World(["a", "b"])
    let command = world.command(.sleep("b", nil))
    #expect(world.isDone(command))
    world.expectSound()
  }

  @Test func `a sleep is taken back when the model is to stay`() {
    var world = World(["a"])
    world.bring("a")
    world.arrive("a")
    let sleep = world.command(.sleep("a", nil))
    let wake = world.command(.wake("a"))
    #expect(world.error(sleep) == .superseded(message: "a was asked to stay"))
    #expect(world.isDone(wake))
    world.expectSound()
  }

  @Test func `a sleep during the model's start ends the start`() {
    var world = World(["a", "b"])
    let waiting = world.arrive("a")
    let wake = world.command(.wake("a"))
    let sleep = world.command(.sleep("a", nil))
    #expect(world.work("a") == .stopping)
    let message = "the start of a was ended by the operator"
    let error = SwitchError.switchFailed("a", message: message, retryAfter: .seconds(1))
    #expect(world.refusals[waiting] == error)
    #expect(world.error(wake) == error)
    #expect(!world.isDone(sleep))
    world.succeed("a")
    #expect(world.isDone(sleep))
    #expect(world.state("a") == .stopped)
    world.expectSound()
  }

  @Test func `a request that comes while a start is being ended has the model started again`() {
    var world = World(["a"])
    world.command(.wake("a"))
    world.command(.sleep("a", nil))
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.state("a") == .starting)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a start that can't be ended is no sleep`() {
    var world = World(["a"])
    world.command(.wake("a"))
    let command = world.command(.sleep("a", nil))
    world.fail("a")
    #expect(world.error(command)?.retryAfter != nil)
    world.expectSound()
  }

  @Test func `a sleep takes back the switch to the model while the old one drains`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("a")
    let switching = world.command(.force("b"))
    let sleep = world.command(.sleep("b", nil))
    #expect(world.error(switching) == .superseded(message: "b was put to sleep"))
    #expect(world.isDone(sleep))
    #expect(world.state("a") == .active)
    world.expectSound()
  }

  // MARK: Ending a sleeping model's process

  private var asleepBesideActive: World {
    var world = World(["a", "b"])
    world.bring("b")
    world.arrive("a")
    world.succeed("b")
    world.succeed("a")
    world.finishAll()
    return world
  }

  @Test func `a sleeping model's process is ended while another is served`() {
    var world = asleepBesideActive
    let commands = [world.command(.sleep("b", Self.ending)), world.command(.sleep("b", Self.ending))]
    #expect(world.work("b") == .stopping)
    let ticket = world.arrive("a")
    #expect(world.isGranted(ticket))
    world.succeed("b")
    #expect(commands.map(world.isDone) == [true, true])
    #expect(world.state("b") == .stopped)
    world.expectSound()
  }

  @Test func `a sleeping model's process is ended while another starts`() {
    var world = asleepBesideActive
    world.arrive("b")
    world.succeed("a")
    let command = world.command(.sleep("a", Self.ending))
    #expect(world.work("a") == .stopping)
    world.succeed("a")
    #expect(world.isDone(command))
    #expect(world.work("b") == .waking)
    world.expectSound()
  }

  @Test func `a process that can't be ended leaves the model asleep`() {
    var world = asleepBesideActive
    let command = world.command(.sleep("b", Self.ending))
    world.fail("b")
    #expect(world.error(command) == .switchFailed("b", message: "planned", retryAfter: .zero))
    #expect(world.state("b") == .asleep)
    world.expectSound()
  }

  @Test func `a model whose process is being ended is started when it has ended`() {
    var world = asleepBesideActive
    world.command(.sleep("b", Self.ending))
    let ticket = world.arrive("b")
    world.succeed("a")
    #expect(world.work("b") == .stopping)
    world.succeed("b")
    #expect(world.state("b") == .starting)
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a start that waits for the process to end is taken back by another sleep`() {
    var world = asleepBesideActive
    let sleep = world.command(.sleep("b", Self.ending))
    let ticket = world.arrive("b")
    world.succeed("a")
    let again = world.command(.sleep("b", nil))
    #expect(world.refusals[ticket] != nil)
    world.succeed("b")
    #expect(world.isDone(sleep))
    #expect(world.isDone(again))
    #expect(world.work("b") == nil)
    world.expectSound()
  }

  @Test func `a model that is next to be woken is asleep when its sleep is said to be done`() {
    var world = World(["a", "b"])
    world.bring("a")
    world.arrive("b")
    let sleep = world.command(.sleep("b", nil))
    #expect(world.results[sleep] == nil)
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    world.succeed("b")
    #expect(world.isDone(sleep))
    #expect(world.state("b") == .asleep)
    world.expectSound()
  }
}
