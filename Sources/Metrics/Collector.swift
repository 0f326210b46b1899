/// A family whose values are not kept but told at each scrape by a collector, out of a snapshot of the program's state.
///
/// Every gauge is one: nothing has to be remembered when something changes, so none can be left behind.
package struct Collected<each Value: LabelValue>: Sendable {
  let descriptor: Descriptor
}

/// Called at each scrape, and from several scrapes at once; tells the values of its families.
package typealias Collector = @Sendable (inout Samples) async -> Void

/// The values that the collectors tell during one scrape.
package struct Samples {
  /// What the registry knew of itself when the scrape began.
  let registry: RegistryFigures
  /// How many series have been told so far.
  private(set) var count = 0
  private var rowsByName: [String: [Row]] = [:]

  init(registry: RegistryFigures) { self.registry = registry }

  /// Tells one series; at most once in a scrape for the same label values.
  package mutating func set<each Value: LabelValue>(
    _ family: Collected<repeat each Value>, _ values: repeat each Value, to value: Double
  ) {
    add(.number(value), to: family.descriptor, labelValues(repeat each values))
  }

  /// Tells one series, a whole number; at most once in a scrape for the same label values.
  package mutating func set<each Value: LabelValue>(
    _ family: Collected<repeat each Value>, _ values: repeat each Value, to value: Int
  ) {
    add(.integer(value), to: family.descriptor, labelValues(repeat each values))
  }

  /// Tells one series, a time in seconds; at most once in a scrape for the same label values.
  package mutating func set<each Value: LabelValue>(
    _ family: Collected<repeat each Value>, _ values: repeat each Value, to value: Duration
  ) {
    add(.number(value.inSeconds), to: family.descriptor, labelValues(repeat each values))
  }

  /// Tells a set of states, whose label comes last: 1 for the current one and 0 for every other; `nil` if none is.
  package mutating func set<each Value: LabelValue, State: LabelValue & CaseIterable & Equatable>(
    _ family: Collected<repeat each Value, State>, _ values: repeat each Value, current: State?
  ) {
    for state in State.allCases { set(family, repeat each values, state, to: state == current ? 1 : 0) }
  }

  /// What was told of one family.
  func rows(of descriptor: Descriptor) -> [Row] { rowsByName[descriptor.name] ?? [] }

  private mutating func add(_ reading: Reading, to descriptor: Descriptor, _ values: [String]) {
    rowsByName[descriptor.name, default: []].append(
      Row(labelPairs: descriptor.labelPairs(values), reading: reading))
    count += 1
  }
}
