/// A point on a monotonic time line, in nanoseconds since that line's own beginning.
///
/// Only differences mean anything. The wall clock may jump; this never does.
package struct Instant: Hashable, Sendable, InstantProtocol, CustomStringConvertible {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The beginning of the time line: what a manual clock starts at.
  package static let zero = Instant(nanoseconds: 0)
  /// Later than every event: "no deadline".
  package static let distantFuture = Instant(nanoseconds: .max)

  package func advanced(by duration: Duration) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
    return overflow ? (duration < .zero ? Instant(nanoseconds: .min) : .distantFuture) : Instant(nanoseconds: sum)
  }

  package func duration(to other: Instant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }

  package var description: String { "\(Duration.nanoseconds(nanoseconds).seconds)s" }

  package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
  package static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }
  package static func - (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }
  package static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }
}

extension Duration {
  /// Whole nanoseconds, clamped to what 64 bits hold (292 years).
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }

  /// Seconds as a floating-point number, for metrics, logs and the policies' arithmetic.
  package var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
