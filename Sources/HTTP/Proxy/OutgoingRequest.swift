internal import Core

/// A request on its way to a model server: its head, and what has been read of its body.
struct OutgoingRequest {
  /// The head, and behind it the body if that is small.
  private let head: ByteBuffer
  private let carriesBody: Bool
  /// What of the body is replaced: an empty range behind it when nothing is.
  private let edited: Range<Int>
  private let replacement: [UInt8]
  /// Of head and body together.
  private let totalBytes: Int
  private(set) var sentBytes = 0
  /// Whether what has not been read of the body is to be sent in chunks.
  let isChunked: Bool
  /// Whether what has been read of it goes out as the first of these, which lacks its line end then.
  let beginsChunk: Bool

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
    beginsChunk = isChunked && bodyBytes > 0
    let request = exchange.head
    let dropped = plan.droppedFields.union(Self.replaced)
    exchange.connection.input.withBytes { bytes in
      Self.appendRequestLine(to: head, request, bytes, plan.target)
      head.append("Host: ")
      head.append(server.host)
      head.appendLineEnd()
      head.appendFields(request.fields, of: bytes, end: request.byteCount, excluding: dropped)
      if exchange.asksForUpgrade, let protocols = request.fields.value(of: .upgrade) {
        head.append("Connection: Upgrade\r\nUpgrade: ")
        head.append(bytes.extracting(protocols.range))
        head.appendLineEnd()
      }
    }
    if let framing { head.appendFraming(framing) }
    head.appendLineEnd()
    if beginsChunk { head.appendChunkSize(bodyBytes) }
    totalBytes = head.count + bodyBytes
    carriesBody = bodyBytes <= Self.mostCopiedBytes
    if carriesBody {
      exchange.withBody { body in
        head.append(body.extracting(..<edited.lowerBound))
        head.append(replacement)
        head.append(body.extracting(edited.upperBound...))
      }
    }
  }

  /// Gives the head's storage back.
  func finish(_ loop: EventLoop) { loop.buffers.recycle(head) }

  /// Sends once as much as the server takes.
  mutating func sendSome(_ exchange: Exchange, on channel: Channel) -> Transfer {
    let outcome = head.withBytes { head in
      guard !carriesBody else { return channel.send(head.extracting(sentBytes...)) }
      return exchange.withBody { body in
        channel.send(
          head, body.extracting(..<edited.lowerBound), replacement.span, body.extracting(edited.upperBound...),
          skipping: sentBytes)
      }
    }
    if case .moved(let count) = outcome { sentBytes += count }
    return outcome
  }

  /// Up to this size a body is copied behind the head, which costs less than sending it in place.
  private static let mostCopiedBytes = 8_192

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
}

extension Exchange {
  /// Whether the client asks for another protocol that we ask the server for: any but HTTP/2 in clear, which would put later
  /// requests out of our sight (RFC 9110, section 7.8).
  var asksForUpgrade: Bool {
    head.upgrade && field(.upgrade)?.lowercased().contains("h2c") == false
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
