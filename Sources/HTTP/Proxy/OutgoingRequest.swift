internal import Core

/// A request on its way to a model server: its head, and what has been read of its body.
struct OutgoingRequest {
  private let head: ByteBuffer
  /// What of the body is replaced: an empty range behind it when nothing is.
  private let edited: Range<Int>
  private let replacement: [UInt8]
  /// Of head and body together.
  private let totalBytes: Int
  private(set) var sentBytes = 0
  /// How what has not been read of the body is to be framed.
  let isChunked: Bool

  var isSent: Bool { sentBytes == totalBytes }

  /// Writes the head.
  init(_ exchange: Exchange, _ plan: ForwardPlan, to server: UpstreamServer, in head: ByteBuffer) {
    self.head = head
    exchange.loop.buffers.lend(to: head)
    edited = plan.bodyEdit?.range ?? exchange.bodyBytes..<exchange.bodyBytes
    replacement = plan.bodyEdit?.replacement ?? []
    let bodyBytes = exchange.bodyBytes - edited.count + replacement.count
    let framing = Self.framing(of: exchange, bodyBytes: bodyBytes)
    isChunked = framing == .chunked
    let request = exchange.head
    let dropped = plan.droppedFields.union(Self.replaced)
    exchange.connection.input.withBytes { bytes in
      Self.appendRequestLine(to: head, request, bytes, plan.target)
      head.append("Host: ")
      head.append(server.host)
      head.appendLineEnd()
      head.appendFields(request.fields, of: bytes, end: request.byteCount, excluding: dropped)
      Self.appendUpgrade(to: head, request, bytes)
    }
    if let framing { head.appendFraming(framing) }
    head.appendLineEnd()
    if isChunked, bodyBytes > 0 { head.appendChunkSize(bodyBytes) }
    totalBytes = head.count + bodyBytes
  }

  /// Gives the head's storage back.
  func finish(_ loop: EventLoop) { loop.buffers.recycle(head) }

  /// Sends once as much as the server takes.
  mutating func sendSome(_ exchange: Exchange, on channel: Channel) -> Transfer {
    let outcome = head.withBytes { head in
      exchange.withBody { body in
        channel.send(
          head, body.extracting(..<edited.lowerBound), replacement.span, body.extracting(edited.upperBound...),
          skipping: sentBytes)
      }
    }
    if case .moved(let count) = outcome { sentBytes += count }
    return outcome
  }

  /// We frame the body, name the host, and have dealt with the expectation ourselves.
  private static let replaced: KnownFieldSet = [.host, .contentLength, .expect]

  private static func framing(of exchange: Exchange, bodyBytes: Int) -> BodyFraming? {
    if exchange.bodyIsComplete {
      // A request that came without a body, and gets none, says nothing of it (RFC 9110, section 8.6).
      if bodyBytes == 0, exchange.head.framing == .none, !exchange.method.mayHaveBody { return nil }
      return bodyBytes == 0 ? BodyFraming.none : .length(bodyBytes)
    }
    return exchange.decoder.remainingBytes.map { .length(bodyBytes + $0) } ?? .chunked
  }

  private static func appendRequestLine(
    to out: ByteBuffer, _ request: RequestHead, _ bytes: Span<UInt8>, _ target: String?
  ) {
    if let target {
      out.appendRequestLine(request.method, target: target.utf8Span.span)
    } else if request.path.isEmpty {
      // An absolute-form target without a path (RFC 9112, section 3.2.1).
      let slash = ByteBuffer()
      slash.append(UInt8(ascii: "/"))
      slash.append(bytes.extracting(request.path.end..<request.target.end))
      slash.withBytes { out.appendRequestLine(request.method, target: $0) }
    } else {
      let originForm = bytes.extracting(Int(request.path.start)..<request.target.end)
      out.appendRequestLine(request.method, target: originForm)
    }
  }

  /// Asks for the protocol that the client asks for, but for HTTP/2 in clear, which would put later requests out of our
  /// sight (RFC 9110, section 7.8).
  private static func appendUpgrade(to out: ByteBuffer, _ request: RequestHead, _ bytes: Span<UInt8>) {
    guard request.upgrade, let value = request.fields.value(of: .upgrade) else { return }
    guard !value.string(in: bytes).lowercased().contains("h2c") else { return }
    out.append("Connection: Upgrade\r\nUpgrade: ")
    out.append(bytes.extracting(value.range))
    out.appendLineEnd()
  }
}

extension HTTPMethod {
  /// Whether a request of this method is expected to say how long its body is, even if it has none.
  fileprivate var mayHaveBody: Bool {
    switch self {
    case .post, .put, .patch: true
    case .get, .head, .delete, .options: false
    }
  }
}
