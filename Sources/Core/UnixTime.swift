internal import Glibc

/// The time of day, for what other programs compare with their own clocks. It may jump: nothing is measured or decided by
/// it.
package enum UnixTime {
  /// Seconds since 1970-01-01 00:00 UTC (CLOCK_REALTIME).
  package static func seconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
