internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Writes lines to a descriptor, in the order in which they came, from a thread of its own: whoever logs never waits, not
/// even for a reader who has stalled. What that reader does not take in time is dropped, and the log says so.
final class LogWriter: Sendable {
  private struct State {
    var waiting: [UInt8] = []
    var isScheduled = false
    var droppedLines = 0
    /// A line was begun that could not be written to its end.
    var isLineBroken = false
  }

  /// How many bytes may wait to be written.
  static let capacityBytes = 1 << 20
  /// How long a line may wait that is not urgent, so that many are written in one go.
  private static let longestWait = DispatchTimeInterval.milliseconds(100)

  private let descriptor: Int32
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "switcher.log")
  /// Told how many lines were dropped, and gives the line that says so.
  private let dropNotice: @Sendable (Int) -> [UInt8]

  /// - Parameter dropNotice: makes a line of the number of lines that were dropped before it.
  init(descriptor: Int32, dropNotice: @escaping @Sendable (Int) -> [UInt8]) {
    self.descriptor = descriptor
    self.dropNotice = dropNotice
  }

  /// Takes one line, with its line end.
  /// - Parameter isUrgent: written at once, rather than with those that come soon after it.
  func append(_ line: [UInt8], isUrgent: Bool) {
    let isFirst = state.withLock { state in
      guard state.waiting.count + line.count <= Self.capacityBytes else {
        state.droppedLines += 1
        return false
      }
      state.waiting += line
      defer { if !isUrgent { state.isScheduled = true } }
      return isUrgent || !state.isScheduled
    }
    guard isFirst else { return }
    if isUrgent {
      queue.async { self.writeWaiting() }
    } else {
      queue.asyncAfter(deadline: .now() + Self.longestWait) { self.writeWaiting() }
    }
  }

  /// Returns when all that was appended has been written, but after `patience` at the latest: before the process ends.
  func flush(within patience: Duration) {
    let done = DispatchSemaphore(value: 0)
    queue.async {
      self.writeWaiting()
      done.signal()
    }
    _ = done.wait(timeout: .now() + .nanoseconds(Int(patience.nanoseconds)))
  }

  private func writeWaiting() {
    let taken = state.withLock { state in
      defer { state = State() }
      return state
    }
    var lines = taken.isLineBroken ? [UInt8(ascii: "\n")] + taken.waiting : taken.waiting
    if taken.droppedLines > 0 { lines += dropNotice(taken.droppedLines) }
    let written = write(lines)
    let isBroken = written < lines.count && written > 0 && lines[written - 1] != UInt8(ascii: "\n")
    if isBroken { state.withLock { $0.isLineBroken = true } }
  }

  /// Writes all of it, however long the descriptor takes. What can't be written at all (a full disk, a closed pipe) is
  /// lost. Returns how many bytes were written.
  private func write(_ bytes: [UInt8]) -> Int {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { bytes in
        unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if errno == EAGAIN {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        unsafe poll(&wait, 1, -1)
      } else if errno != EINTR {
        return written
      }
    }
    return written
  }
}
