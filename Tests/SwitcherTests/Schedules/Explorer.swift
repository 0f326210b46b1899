internal import Core

@testable import Switcher

/// Takes every step that there is in every world that can be reached, the nearest worlds first, so that the first failure
/// found is a shortest one. Worlds that behave alike are visited once.
struct Explorer {
  /// How much of each kind a schedule may hold; what bounds the small world.
  struct Budget: Hashable, Sendable {
    var requests = 3
    var departures = 1
    var failures = 2
    var crashes = 1
    var commands = 0
    var timers = 2
    var replacements = 0
    var reloads = 0
    var shutdowns = 0
  }

  var start: World
  var budget: Budget
  /// The commands to choose from.
  var commands: [Command] = []
  var patience: [Duration?] = [nil]
  /// The configurations to choose from.
  var reloads: [Choice] = []
  /// After so many worlds it stops.
  var limit = Int.max

  private struct Node {
    let world: World
    let budget: Budget
    /// Its step in the tree of steps.
    let step: Int?
  }

  private struct Step {
    let choice: Choice
    let parent: Int?
  }

  struct Outcome {
    var worlds = 0
    var steps = 0
    /// All schedules up to this length were tried.
    var depth = 0
    /// Whether nothing was left to visit.
    var isComplete = false
    var failure: Failure?
  }

  func explore() -> Outcome {
    var outcome = Outcome()
    var steps: [Step] = []
    var seen: Set<Int> = []
    var level = [Node(world: start, budget: budget, step: nil)]
    while !level.isEmpty {
      var next: [Node] = []
      for node in level {
        for (choice, budget) in choices(node) {
          var world = node.world
          guard world.take(choice) != nil else { continue }
          outcome.steps += 1
          var key = Hasher()
          key.combine(world.fingerprint)
          key.combine(budget)
          guard world.violation != nil || seen.insert(key.finalize()).inserted else { continue }
          steps.append(Step(choice: choice, parent: node.step))
          var rested = world
          rested.rest()
          if rested.violation != nil {
            outcome.failure = Failure(start, history(to: steps.count - 1, of: steps))
            return outcome
          }
          outcome.worlds += 1
          guard outcome.worlds < limit else { return outcome }
          next.append(Node(world: world, budget: budget, step: steps.count - 1))
        }
      }
      outcome.depth += 1
      level = next
    }
    outcome.isComplete = true
    return outcome
  }

  private func history(to last: Int, of steps: [Step]) -> [Choice] {
    var choices: [Choice] = []
    var current: Int? = last
    while let step = current {
      choices.append(steps[step].choice)
      current = steps[step].parent
    }
    return choices.reversed()
  }

  /// All steps that can be taken in the node's world, each with what is left of the budget after it.
  private func choices(_ node: Node) -> [(Choice, Budget)] {
    let world = node.world
    var choices: [(Choice, Budget)] = []
    func offer(_ choice: Choice, _ cost: WritableKeyPath<Budget, Int>? = nil) {
      var left = node.budget
      if let cost {
        guard left[keyPath: cost] > 0 else { return }
        left[keyPath: cost] -= 1
      }
      choices.append((choice, left))
    }
    for model in world.models.indices {
      for patience in patience { offer(.arrive(model, patience: patience), \.requests) }
      let server = world.servers[model]
      if server.isBusy { offer(.succeed(model)) }
      if server.isBusy { offer(.fail(model), \.failures) }
      if server.canCrash { offer(.crash(model), \.crashes) }
      if server.canHang { offer(.hang(model), \.crashes) }
      if server.unreportedDeath != nil { offer(.reportDeath(model)) }
    }
    for place in world.openGrants.indices { offer(.finish(place)) }
    for place in world.waiters.indices { offer(.abandon(place), \.departures) }
    if world.timer != nil { offer(.fireTimer, \.timers) }
    if !world.isClosed {
      for command in commands { offer(.command(command), \.commands) }
      for reload in reloads { offer(reload, \.reloads) }
      offer(.replacePolicy(minActive: .seconds(5)), \.replacements)
      offer(.shutDown, \.shutdowns)
    }
    return choices
  }
}
