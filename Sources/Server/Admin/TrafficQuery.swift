internal import Core

/// What a question about traffic looks at: `?window=` and `?threshold=`, both in seconds.
struct TrafficQuery {
  /// The time over which rates are taken.
  let window: Duration
  /// A model that nobody has used for longer than this is idle.
  let threshold: Duration

  /// - Parameter query: of the request; settings that it does not name have their defaults, 60 s and 300 s.
  /// - Throws: 400 for what is no number of seconds in the range.
  init(_ query: String?) throws(AdminError) {
    let windows = 1...TrafficWindow.longest.seconds
    window = try Self.seconds(["window", "window_seconds"], in: query, windows) ?? .seconds(60)
    let thresholds = 0...31_536_000.0
    threshold = try Self.seconds(["threshold", "idle_threshold_seconds"], in: query, thresholds) ?? .seconds(300)
  }

  private static func seconds(
    _ names: [String], in query: String?, _ range: ClosedRange<Double>
  ) throws(AdminError) -> Duration? {
    for name in names {
      guard let text = QueryItem.value(of: name, in: query) else { continue }
      guard let number = Double(text), range.contains(number) else {
        let expected = "a number of seconds from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
        throw AdminError(400, "\(name): found \"\(text.prefix(50))\", expected \(expected)")
      }
      return .seconds(number)
    }
    return nil
  }
}
