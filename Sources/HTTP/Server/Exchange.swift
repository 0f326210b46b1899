package import Core

/// One request and its answer. It is valid until the handler returns, and only in the handler's task.
package final class Exchange {
  /// How far the answer has got.
  enum Answer {
    case none
    /// The head is out; the body goes on in this framing.
    case begun(BodyFraming)
    case finished
    /// It broke off, so that only cutting the connection can tell the client.
    case broken
  }

  var connection: Connection
  let runner: Runner
  private(set) var head = RequestHead()
  var answer = Answer.none
  /// What the handler calls the request, for its logs.
  package var requestID = ""
  /// What else the handler says of the request there, such as what went wrong.
  package var remark: String?
  /// What the answer's Server-Timing tells, whoever gives it; nil for no such field. Nil at first.
  package var timing: ServerTiming?
  /// How long the handler waited for the client to send the body.
  package internal(set) var bodyWait = Interval.zero
  /// What has become of the answer so far.
  package internal(set) var record = AnswerRecord()
  /// Fields for whatever answer goes out.
  let extraFields = ByteBuffer()
  /// Those of them that take the place of the upstream's.
  var replacedFields: KnownFieldSet = []
  /// What of the request's body has not been read yet.
  var decoder = BodyDecoder(.none)
  /// How much of the body stands behind the head in the connection's input, without its framing.
  var bodyBytes = 0
  /// Where in the input the next request begins, once the body is complete.
  var endOfRequest = 0
  /// Whether a part of the body was passed on without being kept, so that the request can't be sent again.
  var hasStreamed = false
  /// Whether the client still waits for "100 Continue".
  var owesContinue = false
  /// Whether the connection will bear another request, as the answer's head has told the client.
  var keepsAlive = false
  /// Why the request could not be taken in.
  var fault: WireFault?

  init(_ connection: Connection, servedBy runner: Runner) {
    self.connection = connection
    self.runner = runner
  }

  /// Reads as much of a head as has come. Returns whether it is whole.
  func parseHead(_ parser: inout RequestParser) throws(WireFault) -> Bool {
    // Taken out meanwhile, so that the property is only ever read and written whole, which needs no check for exclusive
    // access.
    var head = RequestHead()
    swap(&head, &self.head)
    defer { swap(&head, &self.head) }
    return try connection.input.withBytes { bytes throws(WireFault) in try parser.parse(bytes, into: &head) }
  }

  /// Makes ready for the request whose head has just been read.
  func begin() {
    answer = .none
    remark = nil
    timing = nil
    bodyWait = .zero
    record = AnswerRecord()
    connection.yieldsToDrain = false
    extraFields.removeAll()
    replacedFields = []
    bodyBytes = 0
    hasStreamed = false
    fault = nil
    owesContinue = head.expectsContinue
    decoder = BodyDecoder(head.framing, limitBytes: worker.limits.bodyBytes)
    endOfRequest = head.byteCount
  }

  var worker: Worker { runner.worker }
  var loop: EventLoop { runner.worker.loop }

  // MARK: The request

  package var method: HTTPMethod { head.method }
  /// Path and query as they came, without the authority that a client may have put before them: what an origin server is
  /// asked for (RFC 9112, section 3.2.1).
  package var target: String { query.map { "\(path)?\($0)" } ?? path }
  /// The target's path, percent-encoded as it came; "*" in `OPTIONS *`.
  package var path: String { head.path.isEmpty ? "/" : text(head.path) }
  /// What follows the target's first question mark, percent-encoded as it came.
  package var query: String? { head.query.map(text) }
  /// Host and port that the client addressed; empty in an HTTP/1.0 request that tells none.
  package var authority: String { text(head.authority) }
  package var isHTTP10: Bool { head.minorVersion == 0 }
  /// When the first byte of the request came.
  package var receivedAt: Instant { connection.headBeganAt }
  /// The client's address, without its port; empty when it has gone already.
  package var peer: String { TCP.peerAddress(connection.channel.descriptor)?.host ?? "" }
  /// Whether the client has ended its sending side, or left.
  package var clientHasLeft: Bool { connection.channel.peerHasEnded }

  /// The value of the first such field, nil without one.
  package func field(_ known: KnownField) -> String? { head.fields.value(of: known).map(text) }

  /// The value of the first field of that name, in any case; nil without one.
  package func field(named name: String) -> String? {
    let name = name.lowercased()
    return connection.input.withBytes { bytes in
      head.fields.value(named: name, in: bytes).map { $0.string(in: bytes) }
    }
  }

  /// Whether the path is just these bytes; makes no string.
  package func hasPath(_ path: StaticString) -> Bool {
    connection.input.withBytes { $0.extracting(head.path.range).equals(path) }
  }

  private func text(_ slice: HeadSlice) -> String { connection.input.withBytes { slice.string(in: $0) } }

  // MARK: The end

  /// Sees to it that the request has been answered and is out of the way. Returns whether the connection can go on.
  func conclude() async -> Bool {
    loop.assertIsCurrent()
    switch answer {
    case .none:
      // To a client that has left without getting an answer there is nothing to say.
      guard let fault = fault ?? (runner.isCancelled ? nil : .noAnswer) else { return false }
      await connection.refuse(fault)
      return false
    case .begun(let framing):
      cut(framing)
      return false
    case .broken: return false
    case .finished:
      guard await skipRestOfBody() else {
        await connection.linger()
        return false
      }
      connection.input.consume(endOfRequest)
      // Closing with bytes unread would reset the connection, and might take the answer with it.
      if !keepsAlive, connection.channel.hasInput { await connection.linger() }
      return keepsAlive
    }
  }

  /// Whether the rest of the body is small enough to be read and dropped for the sake of the connection.
  var canSkipRestOfBody: Bool {
    guard !decoder.isComplete else { return true }
    return !owesContinue && (decoder.remainingBytes ?? .max) <= Self.mostSkippedBytes
  }

  private static let mostSkippedBytes = 65_536

  private func skipRestOfBody() async -> Bool {
    while !decoder.isComplete {
      guard keepsAlive else { return false }
      do { _ = try await readMoreBody() } catch { return false }
      // Dropped as it comes; what stands in the input is not looked at any more.
    }
    return true
  }

  /// Cuts the connection, so that the client can tell that the answer is not whole.
  package func abort() {
    if case .begun(let framing) = answer { cut(framing) } else { answer = .broken }
  }

  private func cut(_ framing: BodyFraming) {
    answer = .broken
    // The end of the connection would be the proper end of such a body, so it must be reset instead.
    if framing == .untilClose { connection.channel.resetOnClose() }
  }
}
