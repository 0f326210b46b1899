/// What a registry knows of itself.
struct RegistryFigures: Sendable {
  /// The series that the children of its families make.
  let series: Int
  /// The look-ups that found no room for a new child.
  let refusals: Int
  /// How long the last scrape took to read and write out all families.
  let lastRender: Duration
}

extension Registry {
  /// Declares the metrics about the registry itself. Called last: only what collectors before it tell is in the count.
  /// - Parameter prefix: what every metric of the program begins with.
  package func addRegistryMetrics(prefix: String) {
    let series = gauge("\(prefix)metrics_series", help: "Series that a scrape yields.")
    let dropped = collectedCounter(
      "\(prefix)metrics_dropped_series_total",
      help: "Look-ups of a series beyond the limit, which were counted under the label value _other instead.")
    let render = gauge(
      "\(prefix)metrics_render_seconds", help: "Time that the last scrape took to write out all metrics.")
    collect { samples in
      samples.set(dropped, to: samples.registry.refusals)
      samples.set(render, to: samples.registry.lastRender)
      samples.set(series, to: samples.registry.series + samples.count + 1)
    }
  }
}
