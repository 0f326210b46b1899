internal import Core
internal import Policies
internal import Testing

@testable import Switcher

struct IdleSleepTests {
  private func world() -> World { World(["a", "b"], limits: ["a": ModelLimits(idleSleep: .seconds(60))]) }

  @Test func `a model that nobody uses goes to sleep after its time, not before`() {
    var world = world()
    world.bring("a")
    world.pass(.seconds(59))
    #expect(world.state("a") == .active)
    world.pass(.seconds(1))
    #expect(world.work("a") == .sleeping(nil))
    world.succeed("a")
    #expect(world.records.last?.trigger == .idle)
    #expect(world.state("a") == .asleep)
    world.expectSound()
  }

  @Test func `checklist 14: the time counts from the end of the last request, and never runs during one`() {
    var world = world()
    world.bring("a")
    world.pass(.seconds(50))
    let ticket = world.arrive("a")
    world.pass(.seconds(500))
    #expect(world.state("a") == .active)
    world.finish(ticket)
    world.pass(.seconds(59))
    #expect(world.state("a") == .active)
    world.pass(.seconds(1))
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `requests set no timer each`() {
    var world = world()
    world.bring("a")
    let timer = world.timer
    for _ in 1...10 {
      world.pass(.seconds(1))
      world.finish(world.arrive("a"))
      #expect(world.timer == timer)
    }
    world.expectSound()
  }

  @Test func `a request wakes a model that went to sleep by itself, also while it still falls asleep`() {
    var world = world()
    world.bring("a")
    world.pass(.seconds(60))
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `in manual mode nobody goes to sleep by itself, and the time that has passed counts after it`() {
    var world = world()
    world.bring("a")
    world.command(.manual)
    world.pass(.seconds(600))
    #expect(world.state("a") == .active)
    world.command(.auto)
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a model that went to sleep by itself is still the one that manual mode serves`() {
    var world = world()
    world.bring("a")
    world.pass(.seconds(60))
    world.succeed("a")
    world.command(.manual)
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `while somebody waits for another model, the policy decides`() {
    var world = World(
      ["a", "b"], limits: ["a": ModelLimits(idleSleep: .seconds(60))], policy: FIFO(minActive: .seconds(100)))
    world.bring("a")
    let ticket = world.arrive("b")
    world.pass(.seconds(99))
    #expect(world.state("a") == .active)
    world.pass(.seconds(2))
    #expect(world.records.last?.trigger != .idle)
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a model that the operator woke and nobody uses goes to sleep again`() {
    var world = world()
    world.command(.wake("a"))
    world.succeed("a")
    world.pass(.seconds(60))
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a new configuration changes the time at once`() {
    var world = world()
    world.bring("a")
    world.pass(.seconds(30))
    world.reconfigure(["a", "b"], limits: ["a": ModelLimits(idleSleep: .seconds(10))])
    #expect(world.work("a") == .sleeping(nil))
    world.expectSound()
  }

  @Test(arguments: [(Command.sleep("a", nil), true), (.force("b"), false)])
  func `the snapshot tells since when a model sleeps, and whether the operator sent it`(
    _ command: Command, _ wasOrdered: Bool
  ) throws {
    var world = world()
    world.bring("a")
    world.pass(.seconds(5))
    world.command(command)
    world.pass(.seconds(2))
    world.succeed("a")
    let asleep = try #require(world.machine.snapshot(at: world.now).models.first)
    #expect(asleep.rest == Rest(since: world.now, wasOrdered: wasOrdered))
    #expect(asleep.sleepsAt == nil)
    world.command(.wake("a"))
    world.succeed("b")
    world.succeed("b")
    world.succeed("a")
    #expect(world.machine.snapshot(at: world.now).models.first?.rest == nil)
    world.expectSound()
  }

  @Test func `the snapshot tells when the model will go to sleep`() {
    var world = world()
    world.bring("a")
    let end = world.now
    world.pass(.seconds(5))
    #expect(world.machine.snapshot(at: world.now).models.first?.sleepsAt == end + .seconds(60))
    world.expectSound()
  }
}
