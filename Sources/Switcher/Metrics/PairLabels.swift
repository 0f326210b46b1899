internal import Core
internal import Metrics

/// How precisely the metrics tell switches apart by where they came from and where they went.
package enum PairDetail: String, Sendable, CaseIterable {
  /// `full` up to eight models, else `folded`.
  case auto
  /// Each pair of models has series of its own.
  case full
  /// Each phase keeps only the model that it depends on.
  case folded
}

/// The values of the labels `from` and `to`. One value for all metrics, made when the daemon starts.
package struct PairLabels: Sendable {
  /// What stands for "no model": an empty GPU, or a model that is put to sleep while none is woken.
  static let none = "none"
  /// What stands for "any model" where pairs are folded, so that the labels' names stay and every sum is right.
  private static let any = "*"
  private static let largestFullCount = 8

  let isFolded: Bool

  /// - Parameter models: how many there are at the start: the labels of a series must not change while the program runs.
  package init(_ detail: PairDetail, models: Int) {
    isFolded = detail == .folded || detail == .auto && models > Self.largestFullCount
  }

  /// Those of one phase, or, for nil, of the switch as a whole.
  func callAsFunction(_ phase: SwitchPhase?, _ from: ModelID?, _ to: ModelID?) -> (from: String, to: String) {
    let from = from?.name ?? Self.none
    let to = to?.name ?? Self.none
    guard isFolded else { return (from, to) }
    switch phase {
    case .cooldown, .drain, .sleep: return (from, Self.any)
    case .wake, nil: return (Self.any, to)
    }
  }

  /// Every switch that can happen between these models.
  static func pairs(_ models: [ModelID]) -> [(from: ModelID?, to: ModelID?)] {
    let ends = [nil] + models.map(Optional.some)
    return ends.flatMap { from in ends.filter { $0 != from }.map { (from, $0) } }
  }
}

extension SwitchPhase: LabelValue {
  /// Whether a switch between these two can have the phase at all.
  func occurs(from: ModelID?, to: ModelID?) -> Bool {
    switch self {
    case .cooldown: from != nil && to != nil
    case .drain, .sleep: from != nil
    case .wake: to != nil
    }
  }
}
