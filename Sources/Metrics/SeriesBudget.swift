import Synchronization

/// How many series the registry's children may make together, so that no mistake in a label can fill the memory of the
/// daemon or of who scrapes it.
final class SeriesBudget: Sendable {
  private struct State {
    var used = 0
    var refusals = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// Takes so many series out of what is left; `false`, and counted, if there is too little.
  func take(_ series: Int) -> Bool {
    state.withLock { state in
      guard state.used + series <= limit else {
        state.refusals += 1
        return false
      }
      state.used += series
      return true
    }
  }

  /// Takes what cannot be refused: a metric without labels, and the one child of a family that takes the overflow.
  func takeRegardless(_ series: Int) { state.withLock { $0.used += series } }

  /// The series that have been taken.
  var used: Int { state.withLock(\.used) }
  /// How often there was too little left.
  var refusals: Int { state.withLock(\.refusals) }
}
