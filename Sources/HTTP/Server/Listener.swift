internal import CLinux
internal import Core
internal import Glibc

/// Accepts the connections of one listening socket for one loop.
// Sendable holds because only the loop's thread touches it.
final class Listener: @unchecked Sendable {
  private let channel: Channel
  private let worker: Worker
  /// How long accepting rests when the process has run out of descriptors or memory.
  private static let rest = Interval(.milliseconds(200))

  init(channel: Channel, worker: Worker) {
    self.channel = channel
    self.worker = worker
  }

  /// Accepts until it is closed.
  func run() async {
    var hasWarned = false
    while await channel.waitReadable() == .ready {
      guard let failure = acceptAll() else {
        hasWarned = false
        continue
      }
      if !hasWarned { worker.logger.warning("cannot accept connections for now", ["reason": failure.reason]) }
      hasWarned = true
      // Trying again at once would spin: the connection that could not be accepted stays in the queue.
      await worker.loop.sleep(until: worker.loop.now + Self.rest)
    }
  }

  /// Accepts what has already been queued, then closes the socket.
  func close() {
    guard !channel.isClosed else { return }
    _ = acceptAll()
    // A child that was just forked may hold a copy for a moment, and with it the port: this reaches all copies.
    _ = shutdown(channel.descriptor, CInt(SHUT_RDWR))
    channel.close()
  }

  /// Accepts until nothing is queued. Returns why it had to stop before that.
  private func acceptAll() -> SystemFailure? {
    while !channel.isClosed {
      let socket = linux_accept(channel.descriptor)
      if socket >= 0 {
        worker.open(socket)
        continue
      }
      switch errno {
      case EAGAIN:
        channel.noteDrained()
        return nil
      case ECONNABORTED, EINTR: continue
      default: return SystemFailure("accept4")
      }
    }
    return nil
  }
}
