internal import Synchronization

/// The ports whose servers the daemon has told to end and that are not gone yet, whichever model they belong to: a model
/// that takes one over waits for it, however long the other's grace is.
final class PortsInLeaving: Sendable {
  private let counts = Mutex<[UInt16: Int]>([:])

  func contains(_ port: UInt16) -> Bool { counts.withLock { $0[port] != nil } }

  /// A server on that port was told to end.
  func add(_ port: UInt16) { counts.withLock { $0[port, default: 0] += 1 } }

  /// It is gone, or can't be ended.
  func remove(_ port: UInt16) {
    counts.withLock { counts in
      guard let count = counts[port] else { return }
      counts[port] = count > 1 ? count - 1 : nil
    }
  }
}
