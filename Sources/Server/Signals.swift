internal import Glibc
internal import HTTP

/// The signals that end the daemon, one after the other, instead of killing it.
struct Signals: Sendable {
  private let descriptor: AsyncDescriptor

  /// Takes the signals over for as long as the process lives.
  /// - Parameter loop: watches for them.
  init(on loop: EventLoop) async throws(SystemFailure) {
    descriptor = try await AsyncDescriptor.signals([SIGTERM, SIGINT], on: loop)
  }

  /// Waits for the next one. Throws when the task is cancelled.
  func next() async throws { _ = try await descriptor.read(upTo: 1) }
}
