/// One child of a family: what is counted into on the hot path, and read at a scrape.
protocol Instrument: AnyObject, Sendable {
  /// Everything that has been counted so far, as of one moment. May be called from any thread.
  func read() -> Reading
}

/// What one child, or one sample of a collector, showed at the moment it was read.
enum Reading: Sendable {
  case integer(Int)
  case number(Double)
  case histogram(HistogramReading)
}

/// A reading and the label pairs under which it is written.
struct Row: Sendable {
  let labelPairs: String
  let reading: Reading
}

extension Duration {
  /// Whole nanoseconds, clamped to what 64 bits hold (292 years).
  var inNanoseconds: Int { Int(clamping: attoseconds / 1_000_000_000) }

  /// Seconds to the nanosecond, rounded once: 100 ms is the same number as the literal 0.1, and so falls within that bound.
  var inSeconds: Double { Double(inNanoseconds) / 1e9 }
}
