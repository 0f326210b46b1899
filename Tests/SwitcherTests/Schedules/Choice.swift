internal import Core
internal import Policies

@testable import Switcher

/// One step of a schedule. Requests are named by their place among those there are, so that a schedule stays meaningful
/// when steps are left out of it.
enum Choice: Hashable, Sendable {
  case arrive(Int, patience: Duration?)
  case abandon(Int)
  case finish(Int)
  case succeed(Int)
  case fail(Int)
  case crash(Int)
  case hang(Int)
  case reportDeath(Int)
  case fireTimer
  case pass(Duration)
  case oversleep(Duration)
  case command(Command)
  case replacePolicy(minActive: Duration)
  /// The models by their places.
  case reconfigure([Int], renewed: Set<Int>)
  case shutDown
  indirect case atOnce([Choice])
}

extension World {
  /// Takes the step, if there is anything to take it on.
  /// - Returns: what happened, worded for a person; nil when nothing could.
  mutating func take(_ choice: Choice) -> String? {
    switch choice {
    case .arrive(let model, let patience):
      let ticket = arrive(models[model], patience: patience)
      return "request \(ticket.number) for \(models[model]) arrives" + (patience.map { ", waits for \($0)" } ?? "")
    case .abandon(let place):
      guard waiters.indices.contains(place) else { return nil }
      let ticket = waiters[place].ticket
      abandon(ticket)
      return "request \(ticket.number) leaves"
    case .finish(let place):
      guard openGrants.indices.contains(place) else { return nil }
      let grant = openGrants[place]
      finish(grant.ticket)
      return "request \(grant.ticket.number) on \(grant.model) ends"
    case .succeed(let model):
      let server = servers[model]
      guard server.isBusy else { return nil }
      succeed(models[model])
      return "\(server.work.map { "\($0)" } ?? "replacing") \(models[model]) succeeds"
    case .fail(let model):
      let server = servers[model]
      guard server.isBusy else { return nil }
      fail(models[model])
      return "\(server.work.map { "\($0)" } ?? "replacing") \(models[model]) fails"
    case .crash(let model):
      guard servers[model].canCrash else { return nil }
      crash(models[model])
      return "\(models[model]) crashes"
    case .hang(let model):
      guard servers[model].canHang else { return nil }
      hang(models[model])
      return "\(models[model]) hangs"
    case .reportDeath(let model):
      guard let instance = servers[model].unreportedDeath else { return nil }
      reportDeath(models[model])
      return "the death of \(models[model]), instance \(instance.number), is noticed"
    case .fireTimer:
      guard timer != nil else { return nil }
      fireTimer()
      return "the timer fires at \(now)"
    case .pass(let duration):
      pass(duration)
      return "\(duration) pass"
    case .oversleep(let duration):
      oversleep(duration)
      return "\(duration) pass without a timer"
    case .command(let command):
      guard !isClosed else { return nil }
      let id = self.command(command)
      return "command \(id.number): \(command)"
    case .replacePolicy(let minActive):
      replacePolicy(FIFO(minActive: minActive))
      return "the policy is now first come, first served after \(minActive)"
    case .reconfigure(let places, let renewed):
      guard !isClosed else { return nil }
      reconfigure(places.map { models[$0] }, renewed: Set(renewed.map { models[$0] }))
      return "the configuration has \(places.map { models[$0] }), \(renewed.map { models[$0] }) with other settings"
    case .shutDown:
      guard !isClosed else { return nil }
      shutDown()
      return "the shutdown begins"
    case .atOnce(let choices):
      var steps: [String] = []
      atOnce { world in steps = choices.compactMap { world.take($0) } }
      return steps.isEmpty ? nil : "at once: " + steps.joined(separator: "; ")
    }
  }
}

extension Server {
  var canCrash: Bool {
    guard unreportedDeath == nil, work != .stopping else { return false }
    return body == .awake || body == .asleep || work == .waking
  }

  var canHang: Bool { unreportedDeath == nil && body == .awake }
}

/// A schedule that led to something illegal.
struct Failure: CustomStringConvertible {
  let steps: [String]
  let violation: String

  var description: String {
    let numbered = steps.enumerated().map { "  \($0 + 1). \($1)" }
    return (["\(violation), after"] + numbered).joined(separator: "\n")
  }

  /// Takes the steps in a fresh world, lets it come to rest, and tells what was illegal.
  init?(_ world: World, _ choices: [Choice]) {
    var world = world
    var steps: [String] = []
    for choice in choices where world.violation == nil {
      if let step = world.take(choice) { steps.append(step) }
    }
    world.rest()
    guard let violation = world.violation else { return nil }
    self.steps = steps
    self.violation = violation
  }
}
