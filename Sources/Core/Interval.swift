/// A length of time as a plain count of nanoseconds: adding it to an instant is one addition, and reading it no division,
/// where `Duration` divides a number of 128 bits. For what is done with every request.
package struct Interval: Hashable, Sendable, Comparable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Clamped to what lies between nothing and a century, so that no sum overflows.
  package init(_ duration: Duration) { nanoseconds = min(max(duration.nanoseconds, 0), 3_155_760_000_000_000_000) }

  package static let zero = Interval(nanoseconds: 0)

  package var seconds: Double { Double(nanoseconds) / 1e9 }

  package static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }
  package static func + (left: Interval, right: Interval) -> Interval {
    Interval(nanoseconds: left.nanoseconds &+ right.nanoseconds)
  }
  package static func - (left: Interval, right: Interval) -> Interval {
    Interval(nanoseconds: left.nanoseconds &- right.nanoseconds)
  }
  package static func += (left: inout Interval, right: Interval) { left = left + right }
}

extension Instant {
  package static func + (instant: Instant, interval: Interval) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ interval.nanoseconds)
  }

  /// How much later this is than `earlier`.
  package func since(_ earlier: Instant) -> Interval { Interval(nanoseconds: nanoseconds &- earlier.nanoseconds) }
}
