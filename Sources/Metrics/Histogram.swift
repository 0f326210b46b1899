import Synchronization

/// Counts values by size. May be called from any thread; takes one short lock.
package final class Histogram: Instrument {
  private struct State {
    var counts: [Int]
    var sum = 0.0
  }

  private let buckets: Buckets
  private let state: Mutex<State>

  init(buckets: Buckets) {
    self.buckets = buckets
    state = Mutex(State(counts: Array(repeating: 0, count: buckets.bounds.count + 1)))
  }

  /// Counts a time, in seconds.
  package func observe(_ duration: Duration) { observe(duration.inSeconds) }

  /// Counts a value. One that is not above zero counts as zero: a negative one would make the sum fall, which a scraper
  /// takes for a restart, and one that is not a number would spoil it for good.
  package func observe(_ value: Double) {
    let value = value > 0 ? value : 0
    let index = buckets.index(of: value)
    state.withLock { state in
      state.counts[index] += 1
      state.sum += value
    }
  }

  func read() -> Reading {
    // The array is shared with the copy until the next observation, which is then the one that pays for copying it.
    let state = state.withLock { $0 }
    return .histogram(HistogramReading(buckets: buckets, counts: state.counts, sum: state.sum))
  }
}

/// A histogram's counts at one moment, each bucket for itself; they are cumulated where they are written, so that the
/// total always equals the last bucket.
struct HistogramReading: Sendable {
  let buckets: Buckets
  let counts: [Int]
  let sum: Double
}
