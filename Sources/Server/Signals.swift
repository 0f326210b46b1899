internal import CLinux
internal import Glibc
internal import HTTP

/// The signals that end the daemon, one after the other, instead of killing it.
struct Signals: Sendable {
  private static let ending = [SIGTERM, SIGINT]

  private let descriptor: AsyncDescriptor

  /// Keeps the signals from their default effect. To be called before any thread is started, since each thread has a mask
  /// of its own that it inherits.
  static func block() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in ending { unsafe sigaddset(&set, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// - Parameter loop: watches for them.
  init(on loop: EventLoop) async throws(SystemFailure) {
    descriptor = try await AsyncDescriptor.signals(Self.ending, on: loop)
  }

  /// Waits for the next one. Throws when the task is cancelled.
  func next() async throws {
    // One structure a signal; more than one at a time counts as one.
    _ = try await descriptor.read(upTo: MemoryLayout<signalfd_siginfo>.size)
  }
}
