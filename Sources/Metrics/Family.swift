import Synchronization

/// A metric with labels: one child for each combination of values.
///
/// The look-up takes a lock and a dictionary, so the hot path looks up once and keeps the child.
package struct Family<Child: Sendable, each Value: LabelValue>: Sendable {
  private let child: @Sendable ([String]) -> Child

  init(child: @escaping @Sendable ([String]) -> Child) { self.child = child }

  /// The child with these label values; made at 0 on the first look-up. Beyond the registry's limit of series it is the
  /// one child that takes the overflow, whose label values are all `_other`.
  package subscript(_ values: repeat each Value) -> Child { child(labelValues(repeat each values)) }

  /// Makes the child at 0. What can be named beforehand should be: a series that comes to be at its first event hides
  /// that event from `increase()`.
  package func create(_ values: repeat each Value) { _ = child(labelValues(repeat each values)) }

  /// Makes every combination of the values at 0.
  package func create(every values: repeat [each Value]) {
    var combinations: [[String]] = [[]]
    for options in repeat each values {
      combinations = combinations.flatMap { front in options.map { front + [$0.labelValue] } }
    }
    for combination in combinations { _ = child(combination) }
  }
}

/// The children of one family in the order in which they came to be.
final class ChildTable<Child: Instrument>: Sendable {
  private struct State {
    var byValues: [[String]: Child] = [:]
    var inOrder: [(labelPairs: String, child: Child)] = []
  }

  private let descriptor: Descriptor
  private let budget: SeriesBudget
  private let seriesPerChild: Int
  private let makeChild: @Sendable () -> Child
  private let state = Mutex(State())

  init(
    _ descriptor: Descriptor, budget: SeriesBudget, seriesPerChild: Int, makeChild: @escaping @Sendable () -> Child
  ) {
    self.descriptor = descriptor
    self.budget = budget
    self.seriesPerChild = seriesPerChild
    self.makeChild = makeChild
  }

  /// The child with these values, made if there is room for it; else the one that takes the overflow.
  func child(_ values: [String]) -> Child {
    state.withLock { state in
      if let known = state.byValues[values] { return known }
      if values.isEmpty {
        budget.takeRegardless(seriesPerChild)
      } else if !budget.take(seriesPerChild) {
        return overflowChild(in: &state)
      }
      return add(values, to: &state)
    }
  }

  /// What every child shows, each read for itself.
  func rows() -> [Row] {
    let children = state.withLock(\.inOrder)
    return children.map { Row(labelPairs: $0.labelPairs, reading: $0.child.read()) }
  }

  private func overflowChild(in state: inout State) -> Child {
    let values = descriptor.labelNames.map { _ in "_other" }
    if let known = state.byValues[values] { return known }
    budget.takeRegardless(seriesPerChild)
    return add(values, to: &state)
  }

  private func add(_ values: [String], to state: inout State) -> Child {
    let child = makeChild()
    state.byValues[values] = child
    state.inOrder.append((descriptor.labelPairs(values), child))
    return child
  }
}
