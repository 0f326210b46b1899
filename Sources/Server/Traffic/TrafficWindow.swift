internal import Core

/// How many requests came in each of the last seconds: a ring that costs the same however many come.
struct TrafficWindow: Sendable {
  /// The longest time that it can look back.
  static let longest: Duration = .seconds(3600)

  private struct Second {
    /// Which second of the time line it is.
    var number: Int64 = .min
    var arrivals: UInt32 = 0
  }

  /// Empty until the first request, so that a model that nobody asks for costs nothing.
  private var seconds: [Second] = []

  mutating func arrived(at now: Instant) {
    if seconds.isEmpty { seconds = Array(repeating: Second(), count: Int(Self.longest.seconds)) }
    let number = Self.second(of: now)
    let index = Int(number % Int64(seconds.count))
    if seconds[index].number != number { seconds[index] = Second(number: number) }
    seconds[index].arrivals &+= 1
  }

  /// Requests a second over the time before `now`.
  /// - Parameter window: from one second to `longest`; counted in whole seconds, of which the running one is the last.
  func rate(over window: Duration, at now: Instant) -> Double {
    let last = Self.second(of: now)
    let first = last - Int64(window.seconds.rounded(.up)) + 1
    let arrivals = seconds.reduce(0) { sum, second in
      (first...last).contains(second.number) ? sum + Int(second.arrivals) : sum
    }
    return Double(arrivals) / window.seconds
  }

  /// The time line's zero is long before anything happens, so no second has a negative number.
  private static func second(of instant: Instant) -> Int64 { max(instant.nanoseconds, 0) / 1_000_000_000 }
}
