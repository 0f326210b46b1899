/// One child of a family: what is counted into on the hot path, and read at a scrape.
protocol Instrument: AnyObject, Sendable {
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
  /// Seconds, rounded once: 100 ms is the same number as the literal 0.1, and so falls within a bound of 0.1.
  var inSeconds: Double { Double(attoseconds) / 1e18 }
}
