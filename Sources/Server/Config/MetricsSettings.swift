internal import Switcher

/// How much detail the metrics have. Takes effect when the daemon starts.
struct MetricsSettings: Hashable, Sendable {
  var pairDetail = PairDetail.auto
  /// How many series all counters and histograms may make together.
  var maxSeries = 20_000

  /// Takes over what `object` says; everything else stays as it is.
  mutating func read(_ object: inout ConfigObject) {
    let details = PairDetail.allCases.map { ($0.rawValue, $0) }
    pairDetail = object.take("pair_detail")?.choice(of: details) ?? pairDetail
    maxSeries = object.take("max_series")?.integer(in: 100...10_000_000) ?? maxSeries
  }
}
