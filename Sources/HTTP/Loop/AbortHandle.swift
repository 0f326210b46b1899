/// Lets somebody else end what a task waits for, whichever channel that is just then.
// Sendable holds because only the loop's thread touches it.
final class AbortHandle: @unchecked Sendable {
  private(set) var isAborted = false
  /// Whether it was the time that ran out.
  private(set) var hasTimedOut = false
  private var channel: Channel?

  /// Names the channel that is waited for from now on; aborts it at once if that was asked for before.
  func attach(_ channel: Channel) {
    self.channel = channel
    if isAborted { channel.abort() }
  }

  /// The channel is no longer waited for, and must not be aborted any more.
  func detach() { channel = nil }

  /// Aborts the channel that is attached, and each that will be. What counts is the first time.
  func abort(timedOut: Bool = false) {
    guard !isAborted else { return }
    isAborted = true
    hasTimedOut = timedOut
    channel?.abort()
  }
}
