/// The upper bounds of a histogram's buckets, each bound within its bucket (`le`); a last one takes everything above.
package struct Buckets: Sendable {
  /// Ascending and finite.
  let bounds: [Double]
  /// How each bucket's line goes on after the labels: `le="15.0"} `, the last `le="+Inf"} `.
  let lineEnds: [String]

  /// - Parameter bounds: at least one, finite, in ascending order.
  package init(_ bounds: [Double]) {
    precondition(!bounds.isEmpty && bounds.allSatisfy(\.isFinite), "a histogram has finite bounds, one at least")
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "the bounds of a histogram ascend: \(bounds)")
    self.bounds = bounds
    // A bound is always written as a float, `15.0`, which OpenMetrics demands: so a series keeps its name in both formats.
    lineEnds = (bounds.map(\.description) + ["+Inf"]).map { "le=\"\($0)\"} " }
  }

  /// The series that one histogram is exposed as: its buckets, the sum and the count.
  var seriesCount: Int { lineEnds.count + 2 }

  /// The place of the bucket that counts a value.
  func index(of value: Double) -> Int {
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    return index
  }
}

/// The bucket sets in use, in seconds.
extension Buckets {
  /// Switches and their phases: from a resumed process to half an hour of cold start.
  package static let switching = Buckets([
    0.05, 0.1, 0.25, 0.5, 1, 2, 4, 6, 10, 15, 25, 40, 60, 120, 300, 600, 1200, 1800,
  ])
  /// The wait in the queue: from not at all to the usual time-out of a request.
  package static let queueWait = Buckets([0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300])
  /// A whole request, from the first byte in to the last byte out.
  package static let requestDuration = Buckets([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 180, 300, 600])
  /// The time to the first token.
  package static let timeToFirstToken = Buckets([
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600,
  ])
  /// What the proxy itself adds to a request.
  package static let overhead = Buckets([50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 100e-3, 1])
}
