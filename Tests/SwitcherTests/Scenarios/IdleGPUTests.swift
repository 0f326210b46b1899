import Core
import Testing

@testable import Switcher

/// What the GPU is for while nobody waits: a model that is there from the start, and one that it returns to.
struct IdleGPUTests {
  private func world(_ home: ModelLimits = ModelLimits(returnDelay: .seconds(60)), b: ModelLimits = .init()) -> World {
    World(["a", "b"], limits: ["a": home, "b": b])
  }

  // MARK: The start

  @Test func `a model is woken as the daemon starts, and requests for it wait for that`() {
    var world = world(ModelLimits())
    world.preload("a")
    #expect(world.work("a") == .waking)
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    #expect(world.records.map(\.trigger) == [.startup])
    world.expectSound()
  }

  @Test func `whoever comes before the start decides which model is woken`() {
    var world = world(ModelLimits())
    let ticket = world.arrive("b")
    world.preload("a")
    #expect(world.work("a") == nil)
    world.succeed("b")
    world.preload("a")
    #expect(world.isGranted(ticket))
    #expect(world.records.count == 1)
    world.expectSound()
  }

  @Test func `a model that can't be had at the start keeps nobody from another one`() {
    var world = world(ModelLimits())
    world.preload("a")
    world.fail("a")
    world.succeed("a")
    world.pass(.seconds(600))
    #expect(world.work("a") == nil)
    world.bring("b")
    world.expectSound()
  }

  // MARK: A reload

  @Test(arguments: [nil, "a", "b"] as [ModelID?])
  func `a reload has the model woken that is to be there, in the place of one that nobody uses`(before: ModelID?) {
    var world = world(ModelLimits())
    if let before { world.bring(before) }
    world.atOnce {
      $0.reconfigure(["a", "b"])
      $0.preload("a", .reload)
    }
    if before == "b" { world.succeed("b") }
    world.succeed("a")
    #expect(world.active == "a")
    #expect(world.records.last?.trigger == (before == "a" ? .request : .reload))
    world.expectSound()
  }

  @Test func `a reload that removes the model that is awake brings the one that is to be there`() {
    var world = world(ModelLimits())
    world.bring("b")
    world.atOnce {
      $0.reconfigure(["a"])
      $0.preload("a", .reload)
    }
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    world.succeed("b")
    #expect(world.active == "a" && world.state("b") == nil)
    world.expectSound()
  }

  @Test func `a reload takes the model away from nobody who uses it, and does nothing in manual mode`() {
    var world = world(ModelLimits())
    world.bring("b")
    let ticket = world.arrive("b")
    world.preload("a", .reload)
    world.finish(ticket)
    world.command(.manual)
    world.preload("a", .reload)
    #expect(world.active == "b")
    world.expectSound()
  }

  @Test func `a default model that a reload names comes back, its time counted from the last use`() {
    var world = world(ModelLimits())
    world.bring("b")
    world.pass(.seconds(50))
    world.reconfigure(["a", "b"], limits: ["a": ModelLimits(returnDelay: .seconds(60))])
    world.pass(.seconds(10))
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.reconfigure(["a", "b"], limits: ["a": ModelLimits()])
    world.succeed("a")
    let ticket = world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    world.finish(ticket)
    world.pass(.seconds(600))
    #expect(world.active == "b")
    world.expectSound()
  }

  // MARK: The default model

  @Test func `the default model comes back when nobody has used the other one for so long`() {
    var world = world()
    world.bring("b")
    world.pass(.seconds(59))
    #expect(world.state("b") == .active)
    world.pass(.seconds(1))
    #expect(world.work("b") == .sleeping(nil))
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.succeed("a")
    #expect(world.records.last?.trigger == .idle)
    world.pass(.seconds(600))
    #expect(world.active == "a")
    world.expectSound()
  }

  @Test func `a default model that the operator sends to sleep as it comes back stays away`() {
    var world = world()
    world.bring("b")
    world.pass(.seconds(60))
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.command(.sleep("a", nil))
    world.succeed("a")
    world.pass(.seconds(600))
    #expect(world.work("a") == nil && world.active == nil)
    world.expectSound()
  }

  @Test func `the time never runs during a request, and manual mode knows none`() {
    var world = world()
    world.bring("b")
    let ticket = world.arrive("b")
    world.pass(.seconds(600))
    world.finish(ticket)
    world.pass(.seconds(30))
    world.command(.manual)
    world.pass(.seconds(600))
    #expect(world.state("b") == .active)
    world.command(.auto)
    #expect(world.work("b") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `another model that sleeps before that time leaves the GPU empty until then`() {
    var world = world(b: ModelLimits(idleSleep: .seconds(10)))
    world.bring("b")
    world.pass(.seconds(10))
    world.succeed("b")
    #expect(world.active == nil)
    world.pass(.seconds(59))
    #expect(world.work("a") == nil)
    world.pass(.seconds(1))
    #expect(world.work("a") == .waking)
    world.expectSound()
  }

  @Test func `a default model that sleeps because nobody uses it stays asleep`() {
    var world = world(ModelLimits(idleSleep: .seconds(20), returnDelay: .seconds(5)))
    world.bring("a")
    world.pass(.seconds(20))
    world.succeed("a")
    world.pass(.seconds(600))
    #expect(world.state("a") == .asleep)
    world.expectSound()
  }

  @Test(arguments: ["a", "b"] as [ModelID])
  func `whom the operator sends to sleep is not followed by the default model`(_ model: ModelID) {
    var world = world()
    world.bring(model)
    world.command(.sleep(model, nil))
    world.succeed(model)
    world.pass(.seconds(600))
    #expect(world.active == nil)
    world.expectSound()
  }

  @Test func `a default model that fails comes back when it is asked for, not by itself`() {
    var world = world()
    world.bring("b")
    world.pass(.seconds(60))
    world.succeed("b")
    world.fail("a")
    world.succeed("a")
    world.pass(.seconds(600))
    #expect(world.work("a") == nil)
    let ticket = world.arrive("a")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a request that comes as the default model returns is served after that`() {
    var world = world()
    world.bring("b")
    world.pass(.seconds(60))
    let ticket = world.arrive("b")
    world.succeed("b")
    world.succeed("a")
    world.succeed("a")
    world.succeed("b")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  // MARK: The least sleep

  /// a fell asleep just now, b is active.
  private var asleep: World {
    var world = world(ModelLimits(minSleep: .seconds(30)))
    world.bring("a")
    world.arrive("b")
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    return world
  }

  @Test func `a request waits until the model has slept for its least time, and is served`() {
    var world = asleep
    let ticket = world.arrive("a")
    world.pass(.seconds(29))
    #expect(world.isWaiting(ticket))
    #expect(world.state("b") == .active)
    world.pass(.seconds(1))
    world.succeed("b")
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `meanwhile the others are served`() {
    var world = asleep
    world.arrive("a")
    let other = world.arrive("b")
    #expect(world.isGranted(other))
    world.expectSound()
  }

  @Test func `the operator need not wait for it`() {
    var world = asleep
    world.command(.wake("a"))
    world.succeed("b")
    #expect(world.work("a") == .waking)
    world.expectSound()
  }

  @Test func `in manual mode it holds for requests, too`() {
    var world = asleep
    world.command(.pin("a"))
    world.succeed("b")
    world.succeed("a")
    world.command(.sleep("a", nil))
    world.succeed("a")
    let ticket = world.arrive("a")
    #expect(world.work("a") == nil)
    world.pass(.seconds(30))
    world.succeed("a")
    #expect(world.isGranted(ticket))
    world.expectSound()
  }

  @Test func `a server that died has no sleep to finish`() {
    var world = asleep
    world.die("a")
    world.arrive("a")
    #expect(world.work("b") == .sleeping(nil))
    world.expectSound()
  }

  @Test func `a server with other settings has no sleep of its predecessor's to finish`() {
    var world = asleep
    world.reconfigure(["a", "b"], renewed: ["a"])
    world.succeed("a")
    world.arrive("a")
    #expect(world.work("b") == .sleeping(nil))
    world.expectSound()
  }
}
