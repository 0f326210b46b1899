internal import Core
internal import Policies

@testable import Switcher

/// A world and a long row of steps, both drawn from a seed.
struct RandomSchedule {
  private(set) var world: World
  private(set) var choices: [Choice] = []

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    world = World.random(&random)
    let length = Int.random(in: 20...200, using: &random)
    for _ in 0..<length { choices.append(Choice.random(in: world, &random)) }
  }

  /// The schedule's failure with as few steps as leaving steps out leads to; nil when nothing fails.
  func failure() -> Failure? {
    guard var failure = Failure(world, choices) else { return nil }
    var choices = choices
    var chunk = choices.count / 2
    while chunk > 0 {
      var start = 0
      while start < choices.count {
        var shorter = choices
        shorter.removeSubrange(start..<min(start + chunk, choices.count))
        if let same = Failure(world, shorter) {
          failure = same
          choices = shorter
        } else {
          start += chunk
        }
      }
      chunk /= 2
    }
    return failure
  }
}

extension World {
  fileprivate static func random(_ random: inout SplitMix64) -> World {
    let models = Array(["a", "b", "c", "d", "e", "f"].prefix(Int.random(in: 1...6, using: &random))).map { ModelID($0) }
    var limits: [ModelID: ModelLimits] = [:]
    let home = random.isOne(in: 3) ? models.randomElement(using: &random) : nil
    for model in models where model == home || random.isOne(in: 2) {
      limits[model] = ModelLimits(
        maxInFlight: random.isOne(in: 2) ? Int.random(in: 1...3, using: &random) : nil,
        maxQueue: random.isOne(in: 2) ? Int.random(in: 0...4, using: &random) : nil,
        idleSleep: random.isOne(in: 3) ? .seconds(Int.random(in: 1...20, using: &random)) : nil,
        minSleep: .seconds(random.isOne(in: 3) ? Int.random(in: 1...10, using: &random) : 0),
        drainTimeout: random.isOne(in: 3) ? .milliseconds(Int.random(in: 0...5_000, using: &random)) : nil,
        returnDelay: model == home ? .seconds(Int.random(in: 1...20, using: &random)) : nil,
        breakerFailures: Int.random(in: 1...4, using: &random))
    }
    let policies: [any SwitchPolicy] = [
      FIFO(minActive: .zero), FIFO(minActive: .seconds(5)), Fickle(drainCap: nil), Fickle(drainCap: .seconds(3)),
    ]
    return World(models, limits: limits, policy: policies[Int.random(in: 0..<4, using: &random)])
  }
}

extension Choice {
  fileprivate static func random(in world: World, _ random: inout SplitMix64) -> Choice {
    let model = Int.random(in: world.models.indices, using: &random)
    let place = Int.random(in: 0..<4, using: &random)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<4: return .atOnce((0..<place + 2).map { _ in simple(in: world, &random) })
    case 4..<25: return .arrive(model, patience: patience(&random))
    case 25..<40: return .finish(place)
    case 40..<65: return .succeed(model)
    case 65..<70: return .fail(model)
    case 70..<72: return .crash(model)
    case 72: return .hang(model)
    case 73..<78: return .reportDeath(model)
    case 78..<83: return .abandon(place)
    case 83..<88: return .pass(.milliseconds(Int.random(in: 1...4_000, using: &random)))
    case 88..<90: return .oversleep(.milliseconds(Int.random(in: 1...4_000, using: &random)))
    case 90..<93: return .fireTimer
    case 93..<99: return .command(command(world.models[model], &random))
    default:
      switch Int.random(in: 0..<8, using: &random) {
      case 0: return .shutDown
      case 1..<4: return .replacePolicy(minActive: .seconds(place))
      default: return reload(world.models.count, &random)
      }
    }
  }

  private static func reload(_ count: Int, _ random: inout SplitMix64) -> Choice {
    var places = Array(0..<count).shuffled(using: &random)
    places.removeLast(Int.random(in: 0..<count, using: &random))
    let renewed = places.filter { _ in random.isOne(in: 3) }
    return .reconfigure(places, renewed: Set(renewed))
  }

  /// One of the steps that a simulation lets happen at the same instant.
  private static func simple(in world: World, _ random: inout SplitMix64) -> Choice {
    let model = Int.random(in: world.models.indices, using: &random)
    let place = Int.random(in: 0..<4, using: &random)
    switch Int.random(in: 0..<7, using: &random) {
    case 0..<3: return .arrive(model, patience: patience(&random))
    case 3, 4: return .finish(place)
    case 5: return .succeed(model)
    default: return .abandon(place)
    }
  }

  private static func patience(_ random: inout SplitMix64) -> Duration? {
    random.isOne(in: 3) ? .milliseconds(Int.random(in: 0...20_000, using: &random)) : nil
  }

  private static func command(_ model: ModelID, _ random: inout SplitMix64) -> Command {
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1: .auto
    case 2: .manual
    case 3: .pin(model)
    case 4: .force(model)
    case 5: .wake(model)
    case 6: .sleep(model, nil)
    default: .sleep(model, Eviction(weights: .discard, process: .stop))
    }
  }
}
