internal import Core
internal import Policies
internal import TestSupport
import Testing

@testable import Switcher

/// Every schedule of small worlds, as far as the time of a test run goes. `SWITCHER_WORLDS` sets how many worlds each
/// exploration visits.
struct ExhaustiveTests {
  static let limit = Setting.number("SWITCHER_WORLDS", default: 8_000)

  struct SmallWorld: CustomTestStringConvertible {
    let testDescription: String
    let explorer: Explorer

    init(
      _ name: String, _ world: World, _ budget: Explorer.Budget, commands: [Command] = [],
      patience: [Duration?] = [nil], reloads: [Choice] = []
    ) {
      testDescription = name
      explorer = Explorer(
        start: world, budget: budget, commands: commands, patience: patience, reloads: reloads,
        limit: ExhaustiveTests.limit)
    }
  }

  static let everyCommand: [Command] = [
    .auto, .manual, .unpin, .pin("a"), .pin("b"), .force("a"), .force("b"), .wake("a"), .sleep("a", nil),
    .sleep("b", nil), .sleep("b", Eviction(weights: .retain, process: .stop)),
  ]

  static let smallWorlds = [
    SmallWorld("two models, three requests", World(["a", "b"]), .init(departures: 3)),
    SmallWorld(
      "a least time, deadlines, another policy, a shutdown", World(["a", "b"], policy: FIFO(minActive: .seconds(5))),
      .init(departures: 1, failures: 1, crashes: 0, timers: 4, replacements: 1, shutdowns: 1),
      patience: [nil, .seconds(3)]),
    SmallWorld(
      "one request at a time",
      World(["a", "b"], limits: ["a": .init(maxInFlight: 1, maxQueue: 1), "b": .init(maxInFlight: 1)]),
      .init(requests: 4, departures: 1, failures: 1, crashes: 0)),
    SmallWorld(
      "failures and deaths", World(["a", "b"]), .init(requests: 2, failures: 4, crashes: 3, timers: 4)),
    SmallWorld(
      "an operator", World(["a", "b"]),
      .init(requests: 2, departures: 0, failures: 1, crashes: 0, commands: 2, timers: 1), commands: everyCommand),
    SmallWorld(
      "an operator in trouble", World(["a", "b"]),
      .init(requests: 1, failures: 2, crashes: 1, commands: 3, timers: 1, shutdowns: 1), commands: everyCommand),
    SmallWorld(
      "a model is removed and comes back, with other settings or the same", World(["a", "b"]),
      .init(requests: 3, departures: 1, failures: 1, crashes: 1, timers: 1, reloads: 2),
      reloads: [
        .reconfigure([1], renewed: []), .reconfigure([1, 0], renewed: [0]), .reconfigure([0, 1], renewed: []),
      ]),
    SmallWorld(
      "an operator and a new configuration", World(["a", "b"]),
      .init(requests: 1, departures: 0, failures: 1, crashes: 0, commands: 2, timers: 1, reloads: 1, shutdowns: 1),
      commands: everyCommand, reloads: [.reconfigure([1], renewed: []), .reconfigure([0, 1], renewed: [0])]),
    SmallWorld(
      "models that sleep when nobody uses them, and an operator",
      World(["a", "b"], limits: ["a": .init(idleSleep: .seconds(4)), "b": .init(idleSleep: .seconds(7))]),
      .init(requests: 3, departures: 1, failures: 1, crashes: 0, commands: 1, timers: 4, shutdowns: 1),
      commands: everyCommand),
    SmallWorld(
      "drains that have to end, and an operator",
      World(
        ["a", "b"],
        limits: ["a": .init(maxInFlight: 1, drainTimeout: .seconds(2)), "b": .init(drainTimeout: .zero)]),
      .init(requests: 4, departures: 1, failures: 1, crashes: 1, commands: 1, timers: 4, shutdowns: 1),
      commands: [.wake("a"), .sleep("a", nil), .force("b"), .manual], patience: [nil, .seconds(3)]),
    SmallWorld(
      "a least sleep",
      World(["a", "b"], limits: ["a": .init(minSleep: .seconds(4)), "b": .init(minSleep: .seconds(9))]),
      .init(requests: 4, departures: 1, failures: 1, crashes: 1, commands: 1, timers: 4),
      commands: [.wake("a"), .sleep("a", nil), .pin("b"), .manual], patience: [nil, .seconds(3)]),
    SmallWorld(
      "a default model, and others that sleep when nobody uses them",
      World(
        ["a", "b", "c"],
        limits: [
          "a": .init(minSleep: .seconds(2), returnDelay: .seconds(6)), "b": .init(idleSleep: .seconds(3)),
        ]),
      .init(requests: 3, departures: 0, failures: 1, crashes: 1, commands: 1, timers: 4, reloads: 1),
      commands: [.wake("b"), .sleep("a", nil), .sleep("b", nil), .manual, .auto],
      reloads: [.reconfigure([1, 2], renewed: []), .reconfigure([0, 1, 2], renewed: [0])]),
    SmallWorld(
      "a default model that sleeps itself",
      World(["a", "b"], limits: ["a": .init(idleSleep: .seconds(5), returnDelay: .seconds(3))]),
      .init(requests: 3, departures: 0, failures: 1, crashes: 1, commands: 1, timers: 5),
      commands: [.wake("b"), .sleep("a", nil), .sleep("b", nil)]),
    SmallWorld(
      "a model that is there from the start", preloaded("a", in: World(["a", "b"])),
      .init(requests: 3, departures: 1, failures: 2, crashes: 1, commands: 1, timers: 2), commands: everyCommand),
    SmallWorld(
      "breakers that open at the first and the second failure, and an operator",
      World(["a", "b"], limits: ["a": .init(breakerFailures: 1), "b": .init(breakerFailures: 2)]),
      .init(requests: 4, departures: 1, failures: 3, crashes: 1, commands: 1, timers: 3),
      commands: [.wake("a"), .force("b"), .sleep("a", nil), .pin("a")]),
    SmallWorld("three models", World(["a", "b", "c"]), .init()),
    SmallWorld(
      "three models and an operator", World(["a", "b", "c"]),
      .init(requests: 2, failures: 1, crashes: 0, commands: 2), commands: everyCommand + [.force("c"), .pin("c")]),
  ]

  private static func preloaded(_ model: ModelID, in world: World) -> World {
    var world = world
    world.preload(model)
    return world
  }

  @Test(.computing, arguments: smallWorlds) func `nothing illegal happens, and nobody is forgotten`(_ world: SmallWorld)
  {
    let outcome = world.explorer.explore()
    #expect(outcome.failure == nil, "\(world.testDescription): \(outcome.failure?.description ?? "")")
    #expect(outcome.isComplete || outcome.worlds == Self.limit)
  }
}
