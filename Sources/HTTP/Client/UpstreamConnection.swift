internal import CLinux
internal import Core
internal import Glibc

/// A connection to a model server.
// Sendable holds because only the loop's thread touches it.
final class UpstreamConnection: @unchecked Sendable {
  let channel: Channel
  /// Whether it has borne a request before: then the server may have closed it just as the next one went out.
  private(set) var isReused = false
  /// The head of the answer to the request that it bears, or bore last; its storage serves again.
  private(set) var head = ResponseHead()
  /// What has come from the server and is not done with; it has storage only while it holds bytes.
  let input = ByteBuffer()
  /// The head of a request on its way.
  let output = ByteBuffer()
  /// The idle connection to the same server that was used before this one.
  var next: UpstreamConnection?
  private(set) var idleSince = Instant.zero
  /// Where its server keeps it in its list while it bears a request.
  var position = 0
  /// Where the answer goes to while it bears a request.
  var client: Channel?
  /// Whether it carries another protocol by now, both ways: then a wait for the client, too, is one for its sake.
  var isTunnel = false
  /// Why it was ended from here, if it was.
  private(set) var hangUp: HangUp?

  private var isIdle = false

  init(channel: Channel) {
    self.channel = channel
    // A server that ends and starts anew may need its port free of the old connections.
    channel.whenPeerEnds = { [weak self] in if let self, self.isIdle { self.channel.close() } }
  }

  /// Reads as much of an answer's head as has come into `head`. Returns whether that is whole.
  /// - Throws: a fault with status 502.
  func parseHead(_ parser: inout ResponseParser) throws(WireFault) -> Bool {
    // Taken out meanwhile, so that the property is only ever read and written whole, which needs no check for exclusive
    // access.
    var head = ResponseHead()
    swap(&head, &self.head)
    defer { swap(&head, &self.head) }
    return try input.withBytes { bytes throws(WireFault) in try parser.parse(bytes, into: &head) }
  }

  /// Notes that it goes back into the pool.
  func becomeIdle() {
    isReused = true
    isIdle = true
    idleSince = channel.loop.now
  }

  /// Notes that it bears a request again.
  func becomeBusy() { isIdle = false }

  /// Ends the connection under whoever uses it. The server learns of it at once, the user when it next waits or reads, or
  /// now if it waits for the client to take something. A tunnel's client is parted from. The first reason counts.
  func hangUp(for reason: HangUp) {
    hangUp = hangUp ?? reason
    _ = shutdown(channel.descriptor, CInt(SHUT_RDWR))
    channel.abort()
    if isTunnel { client?.abort() } else { client?.interruptWriter() }
  }

  /// Whether it can't bear another request: bytes that nobody asked for have come, or the server has ended it.
  var isStale: Bool { channel.hasInput || channel.peerHasEnded || channel.isAborted }

  /// Whether a server that ended the connection without a byte of an answer can't have acted upon the request.
  ///
  /// A server that closes an idle connection does so with an end of stream or, with bytes of ours unread, a reset. When the
  /// end came and the server has acknowledged all that we sent, the request may have been read; when it has reset the
  /// connection after that, or left bytes unacknowledged, it came to a socket that was closed already (RFC 9110, section
  /// 9.2.2; RFC 9112, section 9.3.1).
  func requestWasNotTaken(_ end: Transfer, hasSent: Bool) -> Bool {
    guard isReused else { return !hasSent }
    guard case .ended = end else { return true }
    var fate = linux_tcp_fate()
    guard unsafe linux_tcp_fate(channel.descriptor, &fate) == 0 else { return false }
    return fate.reset != 0 || fate.acknowledged == 0
  }
}
