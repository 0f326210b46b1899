internal import Glibc

/// Where the program reads the time and waits for it; tests put a manual one in its place.
package protocol Timeline: Sendable {
  var now: Instant { get }

  /// Suspends until `deadline`; throws `CancellationError` as soon as the task is cancelled.
  func sleep(until deadline: Instant) async throws
}

extension Timeline {
  /// Suspends for `duration`; throws `CancellationError` as soon as the task is cancelled.
  package func sleep(for duration: Duration) async throws {
    try await sleep(until: now.advanced(by: duration))
  }
}

/// The machine's monotonic clock (CLOCK_MONOTONIC), untouched by changes of the wall clock.
package struct SystemTimeline: Timeline {
  package init() {}

  package var now: Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package func sleep(until deadline: Instant) async throws {
    let remaining = deadline - now
    guard remaining > .zero else { return try Task.checkCancellation() }
    try await Task.sleep(for: remaining, tolerance: .zero)
  }
}
