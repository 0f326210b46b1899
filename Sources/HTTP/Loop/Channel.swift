internal import CLinux
internal import Core
internal import Glibc

/// How a wait for a channel ended.
enum Wake: Sendable {
  /// Worth trying again; spurious ones happen.
  case ready
  case timedOut
  /// `abort()` or `close()` was called, or the waiter was told to let go.
  case aborted
}

/// A non-blocking descriptor on an event loop: what is believed of its readiness, and who waits for it.
///
/// One reader and one writer may wait at a time. Readiness comes from the kernel as edges, so it is remembered here until
/// an attempt shows that it is used up; a read that fills less than was offered shows it without a second call.
// Sendable holds because only the loop's thread touches a channel; other threads only pass the reference on.
// Safe holds for the stored continuations because each is taken out before it is resumed, so it is resumed once.
@safe final class Channel: @unchecked Sendable {
  let descriptor: CInt
  /// Tells this channel from others that had the same descriptor earlier.
  let key: UInt64
  let loop: EventLoop

  /// Whether there is believed to be something to read. The loop's first report tells of what was there from the start.
  private(set) var hasInput = false
  private(set) var isWritable = true
  /// The peer has ended its sending side, or the connection is broken. Bytes may still be there to read.
  private(set) var peerHasEnded = false
  private(set) var isAborted = false
  private(set) var isClosed = false
  /// Called once when the peer's end is noticed.
  var whenPeerEnds: (() -> Void)?

  /// Reads since the reader last let others run.
  private var readStreak = 0
  private static let longestReadStreak = 16
  /// Called when a park ends.
  var whenParkEnds: ((Wake) -> Void)?
  /// The reader is no task: `whenParkEnds` takes its place.
  private var isParked = false
  private var reader: UnsafeContinuation<Wake, Never>?
  private var writer: UnsafeContinuation<Wake, Never>?
  private var readDeadline = Instant.distantFuture
  private var writeDeadline = Instant.distantFuture
  /// When the loop's timer will next ask; mostly earlier than the deadlines, which move on with a store each.
  private var timer = Instant.distantFuture

  init(descriptor: CInt, key: UInt64, loop: EventLoop) {
    self.descriptor = descriptor
    self.key = key
    self.loop = loop
  }

  deinit { if !isClosed { _ = Glibc.close(descriptor) } }

  // MARK: Waiting

  /// Whether a read is worth trying without `waitReadable` before it. Now and then it is not although there is input: a
  /// peer that sends without a pause must not keep the loop to itself.
  var isReadable: Bool { hasInput && readStreak < Self.longestReadStreak }

  /// Suspends until a read may bring something, but not past `deadline`.
  @inline(__always) func waitReadable(until deadline: Instant = .distantFuture) async -> Wake {
    if isAborted { return .aborted }
    if isReadable { return .ready }
    readStreak = 0
    if hasInput {
      await Task.yield()
      return isAborted ? .aborted : .ready
    }
    unsafe precondition(reader == nil, "only one may wait to read")
    readDeadline = deadline
    setTimer(deadline)
    return unsafe await withUnsafeContinuation { unsafe reader = $0 }
  }

  /// Has `whenParkEnds` called, instead of a task resumed, when a read may bring something, or at `deadline`. There must be
  /// no input yet.
  func park(until deadline: Instant) {
    isParked = true
    readDeadline = deadline
    setTimer(deadline)
  }

  /// Suspends until a write may take something, but not past `deadline`.
  func waitWritable(until deadline: Instant = .distantFuture) async -> Wake {
    if isAborted { return .aborted }
    if isWritable { return .ready }
    unsafe precondition(writer == nil, "only one may wait to write")
    writeDeadline = deadline
    setTimer(deadline)
    return unsafe await withUnsafeContinuation { unsafe writer = $0 }
  }

  /// Ends the wait of the reader, if there is one, as if the channel had been aborted. Later waits are not touched.
  func interruptReader() { resumeReader(.aborted) }

  /// Ends the wait of the writer, if there is one, as if the channel had been aborted. Later waits are not touched.
  func interruptWriter() { resumeWriter(.aborted) }

  /// Ends the waits of now and of later; the descriptor stays open.
  func abort() {
    isAborted = true
    resumeReader(.aborted)
    resumeWriter(.aborted)
  }

  /// Closes the descriptor and aborts whoever waits for it. Nothing more happens when it is closed already.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    whenPeerEnds = nil
    isParked = false
    loop.deregister(self)
    _ = Glibc.close(descriptor)
    abort()
  }

  /// Lets `close()` reset the connection, so that the peer can't take it for a proper end.
  func resetOnClose() { _ = linux_reset_on_close(descriptor) }

  // MARK: What the loop reports

  /// Takes in what epoll(7) says of the descriptor.
  func handle(_ events: UInt32) {
    let broken = EPOLLHUP.rawValue | EPOLLERR.rawValue
    if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | broken) != 0 {
      hasInput = true
      resumeReader(.ready)
    }
    if events & (EPOLLOUT.rawValue | broken) != 0 {
      isWritable = true
      resumeWriter(.ready)
    }
    if events & (EPOLLRDHUP.rawValue | broken) != 0, !peerHasEnded {
      peerHasEnded = true
      whenPeerEnds?()
      whenPeerEnds = nil
    }
  }

  /// Takes in that a timer set for `deadline` has come; one that an earlier timer has overtaken means nothing.
  func timerFired(_ deadline: Instant) {
    guard deadline == timer else { return }
    timer = .distantFuture
    var next = Instant.distantFuture
    if unsafe isParked || reader != nil {
      if readDeadline <= loop.now { resumeReader(.timedOut) } else { next = readDeadline }
    }
    if unsafe writer != nil {
      if writeDeadline <= loop.now { resumeWriter(.timedOut) } else { next = min(next, writeDeadline) }
    }
    setTimer(next)
  }

  private func setTimer(_ deadline: Instant) {
    guard deadline < timer else { return }
    timer = deadline
    loop.setTimer(deadline, for: self)
  }

  private func resumeReader(_ wake: Wake) {
    if isParked {
      isParked = false
      whenParkEnds?(wake)
      return
    }
    guard let waiting = unsafe reader else { return }
    unsafe reader = nil
    unsafe waiting.resume(returning: wake)
  }

  private func resumeWriter(_ wake: Wake) {
    guard let waiting = unsafe writer else { return }
    unsafe writer = nil
    unsafe waiting.resume(returning: wake)
  }

  // MARK: What attempts have shown

  /// An attempt has emptied the socket.
  func noteDrained() { hasInput = false }

  /// A read has brought something.
  func noteRead() { readStreak &+= 1 }

  /// An attempt has filled the socket's buffer, or the connection is still being made.
  func noteFull() { isWritable = false }
}
