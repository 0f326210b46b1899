internal import Core

/// A request on its way to a model server: its head, and what has been read of its body.
struct OutgoingRequest: ~Copyable {
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
    exchange.appendRequestHead(to: head, plan, for: server, framing)
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

  private static func framing(of exchange: Exchange, bodyBytes: Int) -> BodyFraming? {
    if exchange.bodyIsComplete {
      // A request that came without a body, and gets none, says nothing of it (RFC 9110, section 8.6).
      if bodyBytes == 0, exchange.head.framing == .none, !exchange.method.mayHaveBody { return nil }
      return bodyBytes == 0 ? BodyFraming.none : .length(bodyBytes)
    }
    return exchange.decoder.remainingBytes.map { .length(bodyBytes + $0) } ?? .chunked
  }
}

extension Exchange {
  /// Writes the head as it goes up: what came, but for what speaks of the client's connection, or is ours to say.
  fileprivate func appendRequestHead(
    to out: ByteBuffer, _ plan: ForwardPlan, for server: UpstreamServer, _ framing: BodyFraming?
  ) {
    connection.input.withBytes { bytes in
      appendRequestLine(to: out, bytes, plan.target)
      out.append("Host: ")
      out.append(server.host)
      out.appendLineEnd()
      let dropped = plan.droppedFields.union([.host, .contentLength, .expect])
      out.appendFields(head.fields, of: bytes, end: head.byteCount, excluding: dropped)
      if asksForUpgrade, let protocols = head.fields.value(of: .upgrade) {
        out.append("Connection: Upgrade\r\nUpgrade: ")
        out.append(bytes.extracting(protocols.range))
        out.appendLineEnd()
      }
    }
    if let framing { out.appendFraming(framing) }
    out.appendLineEnd()
  }

  private func appendRequestLine(to out: ByteBuffer, _ bytes: Span<UInt8>, _ target: String?) {
    if let target {
      out.appendRequestLine(method, target: target.utf8Span.span)
    } else if head.path.isEmpty {
      // An absolute-form target without a path (RFC 9112, section 3.2.1).
      let slash = ByteBuffer()
      slash.append(UInt8(ascii: "/"))
      slash.append(bytes.extracting(head.path.end..<head.target.end))
      slash.withBytes { out.appendRequestLine(method, target: $0) }
    } else {
      out.appendRequestLine(method, target: bytes.extracting(Int(head.path.start)..<head.target.end))
    }
  }

  /// Whether the client asks for another protocol that we ask the server for (RFC 9110, section 7.8): any but HTTP/2 in
  /// clear, which would put later requests out of our sight, and in a request without a body, since a server that grants it
  /// early would have two read from the client at a time, one for each protocol.
  var asksForUpgrade: Bool {
    head.upgrade && !hasBody && field(.upgrade)?.lowercased().contains("h2c") == false
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
