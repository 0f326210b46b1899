internal import Core

/// Keeps a model that can't be had from being tried over and over.
///
/// After each failure it is left alone: two seconds at first, doubling to a minute. Once it has failed so often in a row
/// that the breaker opens, only one request at a time may have it tried again.
struct CircuitBreaker: Sendable {
  static let firstWait: Duration = .seconds(2)
  static let longestWait: Duration = .seconds(60)
  /// A server that lived this long before it died is not taken for one that crashes at every start.
  static let stableLife: Duration = .seconds(10)

  /// In a row: neither a life of some length nor an orderly sleep lies between them.
  private(set) var failures = 0
  /// Whether the last try was a failure.
  private(set) var isFailing = false
  private(set) var until: Instant?
  private(set) var message = ""

  /// Ends the wait once its time has come, so that no timer is set for it any more.
  mutating func expire(at now: Instant) {
    if let until, until <= now { self.until = nil }
  }

  /// How long the model is still to be left alone; nil when it may be tried.
  func remaining(at now: Instant) -> Duration? {
    guard let until, now < until else { return nil }
    return until - now
  }

  /// - Parameter threshold: how many failures in a row open it.
  func state(at now: Instant, threshold: Int) -> BreakerState {
    guard isFailing, failures >= threshold else { return .closed }
    return remaining(at: now) == nil ? .halfOpen : .open
  }

  /// The wake failed for good.
  mutating func wakeFailed(at now: Instant, message: String) {
    failures += 1
    leaveAlone(now, message)
  }

  /// The server died while it was awake. The first time, it is started again at once.
  mutating func died(at now: Instant, afterLife life: Duration, message: String) {
    if life >= Self.stableLife { failures = 0 }
    failures += 1
    if failures > 1 { leaveAlone(now, message) }
  }

  /// The model is awake. The count stays until it has lived for a while or slept in an orderly way.
  mutating func wakeSucceeded() {
    isFailing = false
    until = nil
  }

  /// The model proved itself, or the operator vouches for it.
  mutating func reset() { self = CircuitBreaker() }

  private mutating func leaveAlone(_ now: Instant, _ message: String) {
    isFailing = true
    self.message = message
    until = now + min(Self.firstWait * (1 << min(failures - 1, 8)), Self.longestWait)
  }
}

/// Whether requests may have a model woken.
package enum BreakerState: String, Sendable, CaseIterable {
  /// They may, after a failure once its wait is over.
  case closed
  /// They are turned away: the model has failed too often.
  case open
  /// One of them may, to see whether the model can be had again; the others are turned away.
  case halfOpen = "half_open"
}
