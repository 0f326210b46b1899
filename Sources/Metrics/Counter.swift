import Synchronization

/// A whole number that only rises. May be called from any thread; costs one atomic addition.
package final class Counter: Instrument {
  private let count = Atomic(0)

  init() {}

  /// - Parameter amount: not negative.
  package func increment(by amount: Int = 1) {
    assert(amount >= 0, "a counter only rises")
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  func read() -> Reading { .integer(count.load(ordering: .relaxed)) }
}

/// A sum of times that only rises, exposed in seconds. May be called from any thread; costs one atomic addition.
package final class SecondsCounter: Instrument {
  // Whole nanoseconds: a sum of many short times loses nothing, as it would in floating point.
  private let nanoseconds = Atomic(0)

  init() {}

  /// - Parameter duration: not negative.
  package func add(_ duration: Duration) {
    assert(duration >= .zero, "a counter only rises")
    nanoseconds.wrappingAdd(duration.inNanoseconds, ordering: .relaxed)
  }

  func read() -> Reading { .number(Double(nanoseconds.load(ordering: .relaxed)) / 1e9) }
}
