import Synchronization

/// All the metrics of the program, exposed in the order in which they were declared.
///
/// They are declared while the program is put together, a line each. A name that is malformed or taken is a mistake in
/// the program's text, and stops it there.
package final class Registry: Sendable {
  private struct Declaration {
    let descriptor: Descriptor
    let rows: @Sendable (Samples) -> [Row]
  }

  private struct State {
    var declarations: [Declaration] = []
    var collectors: [Collector] = []
    var lastRender: Duration = .zero
    var lastByteCount = 0
  }

  private let budget: SeriesBudget
  private let state = Mutex(State())

  /// - Parameter seriesLimit: how many series the children of all families may make together. What collectors tell is
  ///   not limited: a gauge can't be added to another.
  package init(seriesLimit: Int = 20_000) { budget = SeriesBudget(limit: seriesLimit) }

  /// Declares a counter without labels; its name ends in `_total`.
  package func counter(_ name: String, help: String) -> Counter {
    family(name, help, .counter) { Counter() }[]
  }

  /// Declares a counter with labels; its name ends in `_total`.
  package func counter<each Value: LabelValue>(
    _ name: String, help: String, labels: repeat Label<each Value>
  ) -> Family<Counter, repeat each Value> {
    family(name, help, .counter, repeat each labels) { Counter() }
  }

  /// Declares a counter of seconds with labels; its name ends in `_seconds_total`.
  package func secondsCounter<each Value: LabelValue>(
    _ name: String, help: String, labels: repeat Label<each Value>
  ) -> Family<SecondsCounter, repeat each Value> {
    family(name, help, .counter, repeat each labels) { SecondsCounter() }
  }

  /// Declares a histogram without labels.
  package func histogram(_ name: String, help: String, buckets: Buckets) -> Histogram {
    family(name, help, .histogram, seriesPerChild: buckets.seriesCount) { Histogram(buckets: buckets) }[]
  }

  /// Declares a histogram with labels.
  package func histogram<each Value: LabelValue>(
    _ name: String, help: String, buckets: Buckets, labels: repeat Label<each Value>
  ) -> Family<Histogram, repeat each Value> {
    family(name, help, .histogram, repeat each labels, seriesPerChild: buckets.seriesCount) {
      Histogram(buckets: buckets)
    }
  }

  /// Declares a gauge, with labels or without, whose values a collector tells.
  package func gauge<each Value: LabelValue>(
    _ name: String, help: String, labels: repeat Label<each Value>
  ) -> Collected<repeat each Value> {
    collected(name, help, .gauge, repeat each labels)
  }

  /// Declares a counter, with labels or without, whose values a collector tells: a sum that is kept elsewhere, or that
  /// rises while nothing happens. Its name ends in `_total`.
  package func collectedCounter<each Value: LabelValue>(
    _ name: String, help: String, labels: repeat Label<each Value>
  ) -> Collected<repeat each Value> {
    collected(name, help, .counter, repeat each labels)
  }

  /// Has a collector called at each scrape.
  package func collect(_ collector: @escaping Collector) { state.withLock { $0.collectors.append(collector) } }

  /// Runs the collectors, then reads and writes out every family; never on the thread of the caller, whose requests would
  /// have to wait.
  @concurrent package func render(as format: ExpositionFormat = .text) async -> [UInt8] {
    let (declarations, collectors, figures, byteCount) = state.withLock { state in
      let figures = RegistryFigures(series: budget.used, refusals: budget.refusals, lastRender: state.lastRender)
      return (state.declarations, state.collectors, figures, state.lastByteCount)
    }
    var samples = Samples(registry: figures)
    for collector in collectors { await collector(&samples) }

    let start = ContinuousClock.now
    // Nearly the same text comes out each time: room for it, and a little more, is taken at once.
    var writer = ExpositionWriter(format, reserving: byteCount + byteCount / 16)
    for declaration in declarations { writer.write(declaration.descriptor, declaration.rows(samples)) }
    let text = writer.finish()
    state.withLock { state in
      state.lastRender = ContinuousClock.now - start
      state.lastByteCount = text.count
    }
    return text
  }

  private func family<Child: Instrument, each Value: LabelValue>(
    _ name: String, _ help: String, _ kind: Descriptor.Kind, _ labels: repeat Label<each Value>,
    seriesPerChild: Int = 1, makeChild: @escaping @Sendable () -> Child
  ) -> Family<Child, repeat each Value> {
    let descriptor = Descriptor(name: name, help: help, kind: kind, labelNames: labelNames(repeat each labels))
    let table = ChildTable(descriptor, budget: budget, seriesPerChild: seriesPerChild, makeChild: makeChild)
    declare(descriptor) { _ in table.rows() }
    return Family(child: table.child)
  }

  private func collected<each Value: LabelValue>(
    _ name: String, _ help: String, _ kind: Descriptor.Kind, _ labels: repeat Label<each Value>
  ) -> Collected<repeat each Value> {
    let descriptor = Descriptor(name: name, help: help, kind: kind, labelNames: labelNames(repeat each labels))
    declare(descriptor) { $0.rows(of: descriptor) }
    return Collected(descriptor: descriptor)
  }

  private func declare(_ descriptor: Descriptor, rows: @escaping @Sendable (Samples) -> [Row]) {
    state.withLock { state in
      precondition(
        !state.declarations.contains { $0.descriptor.familyName == descriptor.familyName },
        "the metric \(descriptor.name) is declared twice")
      state.declarations.append(Declaration(descriptor: descriptor, rows: rows))
    }
  }
}
