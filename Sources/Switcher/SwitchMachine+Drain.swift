internal import Core

/// The end of a drain that would take too long: what is in flight on the model then is cut off, so that a hung or endless
/// request does not keep everyone else waiting.
///
/// No grant is taken back: a request that was cut off ends by itself and is counted until then.
extension SwitchMachine {
  /// How long after each other requests are cut off: one that was granted and had no connection yet is not reached by the
  /// first time.
  static let cutSpacing: Duration = .seconds(1)

  /// When the drain under way is to be over; nil while there is none, or none that has to be.
  var drainDeadline: Instant? {
    guard let transition, transition.isDraining, let holder else { return nil }
    return models[holder].limits.drainTimeout.map { transition.decidedAt + $0 }
  }

  /// When requests are cut off next unless they have ended; nil while there is no such time.
  var cutDueAt: Instant? {
    drainDeadline.map { max($0, transition?.cut.map { $0.at + Self.cutSpacing } ?? $0) }
  }

  /// Cuts off what is in flight on the model that leaves, if it is time.
  mutating func cutOverdue(_ now: Instant, _ effects: inout [Effect]) {
    guard let holder, let cutDueAt, cutDueAt <= now else { return }
    transition?.noteCut(requests: models[holder].inFlight, at: now)
    effects.append(.cut(models[holder].id, requests: models[holder].inFlight))
  }
}
