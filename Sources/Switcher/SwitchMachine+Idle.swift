internal import Core

/// A model that nobody uses gives the GPU up by itself.
extension SwitchMachine {
  /// When the model that is awake is put to sleep because nobody uses it; nil while there is no such time. Manual mode knows
  /// none, since nothing happens by itself there; and where somebody waits, the policy decides.
  var idleSleepAt: Instant? {
    guard let holder, let idleSleep = models[holder].limits.idleSleep, let awake = models[holder].awake,
      awake.inFlight == 0, waitingCount == 0, transition == nil, !mode.isManual, acceptsRequests
    else { return nil }
    return awake.idleSince + idleSleep
  }

  func isIdleTooLong(_ now: Instant) -> Bool { idleSleepAt.map { $0 <= now } ?? false }

  /// True when a switch has begun, so that the machine must settle again.
  mutating func restIdle(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    guard isIdleTooLong(now) else { return false }
    begin(to: nil, trigger: .idle, now, &effects)
    return true
  }
}
