internal import Synchronization

/// The least level that is logged; may be changed at any time, by any thread.
package final class LogThreshold: Sendable {
  private let rank: Atomic<Int>

  package init(_ level: Logger.Level = .debug) { rank = Atomic(level.rawValue) }

  /// - Parameter level: nil: nothing is logged.
  package func set(_ level: Logger.Level?) { rank.store(level?.rawValue ?? .max, ordering: .relaxed) }

  package func admits(_ level: Logger.Level) -> Bool { level.rawValue >= rank.load(ordering: .relaxed) }
}
