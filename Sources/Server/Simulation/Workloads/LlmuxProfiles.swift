internal import Core

/// The twelve profiles that llmux (MIT licence) measures its policies by: one or two bursts, two models mostly, one request
/// at a time, callers without end of patience.
enum LlmuxProfiles {
  static let names = [
    "balanced", "bursty", "dominant", "dominant_95", "heavy_burst", "interleave", "random_50", "random_100",
    "random_200", "single_model", "surge", "three_model",
  ]

  /// - Parameter work: what each request takes.
  static func workload(_ name: String, work: Duration) -> Workload? {
    guard let arrivals = arrivals(name) else { return nil }
    var workload = Workload(name: name, models: Workload.models((arrivals.map(\.model).max() ?? 0) + 1))
    workload.slots = 1
    workload.requestTimeout = .seconds(1_000_000)
    workload.minActive = .zero
    // In seconds, as a trace has them, so that both round alike.
    workload.requests = arrivals.map {
      .init(at: .seconds(Double($0.milliseconds) / 1000), model: $0.model, work: work)
    }
    return workload
  }

  private typealias Arrival = (milliseconds: Int, model: Int)

  private static func arrivals(_ name: String) -> [Arrival]? {
    switch name {
    case "balanced": return (0..<40).map { (100 * $0, $0 % 2) }
    case "single_model": return (0..<40).map { (100 * $0, 0) }
    case "bursty": return (0..<4).flatMap { burst(10, from: 5000 * $0, every: 10, model: $0 % 2) }
    case "heavy_burst": return (0..<6).flatMap { burst(50, from: 5000 * $0, every: 10, model: $0 % 2) }
    case "three_model": return (0..<6).flatMap { burst(10, from: 3000 * $0, every: 100, model: $0 % 3) }
    // Nine requests of fifty are for the other model, as evenly apart as whole numbers allow: 5, 11, 16, 22, …
    case "dominant": return (0..<50).map { (50 * $0, $0 > 0 && (2 * $0 + 1) % 11 < 2 ? 1 : 0) }
    case "dominant_95": return (0..<80).map { (50 * $0, $0 % 20 == 19 ? 1 : 0) }
    case "interleave": return (0..<60).map { (10 * ($0 / 2) + $0 % 2, $0 % 2) }
    case "surge":
      return burst(11, from: 0, every: 500, model: 0) + burst(20, from: 5000, every: 10, model: 1)
        + burst(9, from: 5500, every: 500, model: 0)
    case "random_50": return arrivals(.random50)
    case "random_100": return arrivals(.random100)
    case "random_200": return arrivals(.random200)
    default: return nil
    }
  }

  private static func burst(_ count: Int, from start: Int, every gap: Int, model: Int) -> [Arrival] {
    (0..<count).map { (start + gap * $0, model) }
  }

  private static func arrivals(_ draw: Draw) -> [Arrival] {
    var now = 0
    return zip(draw.gapsInMilliseconds, draw.models.compactMap(\.wholeNumberValue)).map { gap, model in
      now += gap
      return (now, model)
    }
  }
}
