internal import Glibc
internal import HTTP

/// What the daemon is told by signals, one after the other, instead of being killed by them.
struct Signals: Sendable {
  enum Order: Sendable {
    /// SIGTERM or SIGINT.
    case end
    /// SIGHUP: the configuration is to be read anew.
    case reload
  }

  private let descriptor: AsyncDescriptor

  /// Takes the signals over for as long as the process lives.
  /// - Parameter loop: watches for them.
  init(on loop: EventLoop) async throws(SystemFailure) {
    descriptor = try await AsyncDescriptor.signals([SIGTERM, SIGINT, SIGHUP], on: loop)
  }

  /// Waits for the next one. Throws when the task is cancelled.
  func next() async throws -> Order {
    let number = try await descriptor.read(upTo: 1).first
    return number == UInt8(SIGHUP) ? .reload : .end
  }
}
