internal import Core

/// What is known of the requests for one model, told as they come and go.
struct TrafficRecord: Sendable {
  private(set) var succeeded = 0
  private(set) var failed = 0
  /// Those that wait are among them.
  private(set) var inFlight = 0
  /// When a request last began or ended; nil when there was none.
  private(set) var lastActivity: Instant?
  private var window = TrafficWindow()
  /// Of those that succeeded, together.
  private var responseTime: Duration = .zero

  /// Requests that have ended.
  var total: Int { succeeded + failed }

  /// From a request's arrival to its answer's last byte, the mean of those that succeeded; nil when none has.
  var meanResponseTime: Duration? { succeeded > 0 ? responseTime / succeeded : nil }

  mutating func began(at now: Instant) {
    inFlight += 1
    lastActivity = now
    window.arrived(at: now)
  }

  /// - Parameter beginning: what was told to `began(at:)`.
  mutating func ended(_ isSuccess: Bool, begunAt beginning: Instant, at now: Instant) {
    inFlight -= 1
    lastActivity = now
    if isSuccess {
      succeeded += 1
      responseTime += now - beginning
    } else {
      failed += 1
    }
  }

  /// Requests that came, a second.
  /// - Parameter window: from one second to `TrafficWindow.longest`.
  func rate(over window: Duration, at now: Instant) -> Double { self.window.rate(over: window, at: now) }

  /// How long nobody has used the model, which is not at all while a request is on its way; nil when nobody ever has.
  func idleTime(at now: Instant) -> Duration? {
    inFlight > 0 ? .zero : lastActivity.map { now - $0 }
  }
}
