internal import Glibc

/// Where the program reads the time and waits for it; tests put a manual one in its place.
package protocol Timeline: Sendable {
  var now: Instant { get }

  /// Suspends until `deadline`; throws as soon as the task is cancelled, and for no other reason.
  func sleep(until deadline: Instant) async throws(CancellationError)
}

extension Timeline {
  /// Suspends for `duration`; throws as soon as the task is cancelled, and for no other reason.
  package func sleep(for duration: Duration) async throws(CancellationError) {
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

  package func sleep(until deadline: Instant) async throws(CancellationError) {
    let remaining = deadline - now
    do {
      guard remaining > .zero else { return try Task.checkCancellation() }
      try await Task.sleep(for: remaining, tolerance: .zero)
    } catch {
      // What either of them throws is nothing else, but untyped.
      throw CancellationError()
    }
  }
}
