internal import Core
internal import Policies
internal import Testing

@testable import Switcher

/// What the scenarios say of a world.
extension World {
  /// Wakes the model on an empty GPU; nothing is in flight then.
  mutating func bring(_ model: ModelID) {
    let ticket = arrive(model)
    succeed(model)
    finish(ticket)
  }

  func work(_ model: ModelID) -> Server.Work? { servers[index(of: model)].work }

  func isGranted(_ ticket: Ticket) -> Bool { openGrants.contains { $0.ticket == ticket } }

  func isWaiting(_ ticket: Ticket) -> Bool { waiters.contains { $0.ticket == ticket } }

  func state(_ model: ModelID) -> LifecycleState? {
    machine.snapshot(at: now).models.first { $0.id == model }?.state
  }

  var active: ModelID? { machine.snapshot(at: now).active }

  func isDone(_ command: CommandID) -> Bool {
    if case .success = results[command] { true } else { false }
  }

  func error(_ command: CommandID) -> SwitchError? {
    if case .failure(let error) = results[command] { error } else { nil }
  }

  /// A scenario ends here: all went by the rules, and nobody is forgotten.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) {
    var world = self
    world.rest()
    #expect(world.violation == nil, sourceLocation: sourceLocation)
  }
}

extension SwitchError {
  /// How long the model is left alone, where that is the reason.
  var retryAfter: Duration? {
    if case .switchFailed(_, _, let retryAfter) = self { retryAfter } else { nil }
  }
}

extension World: CustomTestStringConvertible {
  var testDescription: String {
    let models = machine.snapshot(at: now).models.map { model in
      "\(model.id) \(model.state), \(model.inFlight) in flight, \(model.queueDepth) waiting"
    }
    return "\(now): " + models.joined(separator: "; ")
  }
}
