internal import Core

/// A length of time as a plain count of nanoseconds: adding it to an instant is one addition, where `Duration` divides a
/// number of 128 bits.
struct Interval {
  let nanoseconds: Int64

  /// Clamped to a century, so that no sum overflows.
  init(_ duration: Duration) { nanoseconds = min(max(duration.nanoseconds, 0), 3_155_760_000_000_000_000) }
}

extension Instant {
  static func + (instant: Instant, interval: Interval) -> Instant {
    Instant(nanoseconds: instant.nanoseconds &+ interval.nanoseconds)
  }
}
