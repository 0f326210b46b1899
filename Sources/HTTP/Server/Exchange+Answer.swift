internal import Core

// Answering from here, in one piece or in many.
extension Exchange {
  /// Whether any part of an answer has been sent.
  package var responseHasBegun: Bool { if case .none = answer { false } else { true } }

  /// Adds a field to whatever answer goes out, be it this program's own or the upstream's. `name` is a token. An
  /// X-Request-Id takes the place of the upstream's; others come besides.
  package func addResponseField(_ name: String, _ value: String) {
    extraFields.appendField(named: name, value)
    if KnownField(name: name.utf8Span.span) == .xRequestID { replacedFields.insert(.xRequestID) }
  }

  /// Notes that nobody minds if this answer is cut: a server that drains waits for it only a moment.
  package func yieldToDrain() { connection.yieldsToDrain = true }

  /// Answers in one piece. The body is left out where the request allows none.
  /// - Throws: `clientGone` when it could not be sent whole.
  package func respond(
    status: Int, fields: [(String, String)] = [], contentType: String? = "application/json", body: [UInt8] = []
  ) async throws(ExchangeFailure) {
    let out = connection.output
    loop.buffers.lend(to: out)
    defer { loop.buffers.recycle(out) }
    let hasBody = status >= 200 && status != 204 && status != 304
    appendHead(to: out, status: status, fields: fields, contentType: body.isEmpty ? nil : contentType)
    if hasBody { out.appendField("Content-Length", body.count) }
    out.appendLineEnd()
    if hasBody, method != .head {
      out.append(body)
      record.bodyBytes = body.count
    }
    answer = .broken
    try await connection.send(out)
    answer = .finished
  }

  /// As `respond(status:fields:contentType:body:)`, with a text.
  package func respond(
    status: Int, fields: [(String, String)] = [], contentType: String? = "application/json", body: String
  ) async throws(ExchangeFailure) {
    try await respond(status: status, fields: fields, contentType: contentType, body: Array(body.utf8))
  }

  /// Sends the head of an answer whose body follows piece by piece, in chunks, so that a cut is visible.
  /// - Throws: `clientGone`.
  package func begin(
    status: Int, fields: [(String, String)] = [], contentType: String
  ) async throws(ExchangeFailure) {
    let framing: BodyFraming = method == .head ? .none : isHTTP10 ? .untilClose : .chunked
    let out = connection.output
    loop.buffers.lend(to: out)
    defer { loop.buffers.recycle(out) }
    appendHead(to: out, status: status, fields: fields, contentType: contentType, framing: framing)
    if framing == .chunked { out.appendFraming(.chunked) }
    out.appendLineEnd()
    answer = .broken
    try await connection.send(out)
    answer = .begun(framing)
  }

  /// Sends a further piece of the body, and waits as long as the client does not take it.
  /// - Throws: `clientGone`.
  package func send(_ bytes: [UInt8]) async throws(ExchangeFailure) {
    guard case .begun(let framing) = answer else { throw .clientGone }
    guard !bytes.isEmpty, framing != .none else { return }
    let out = connection.output
    loop.buffers.lend(to: out)
    defer { loop.buffers.recycle(out) }
    if framing == .chunked { out.appendChunkSize(bytes.count) }
    out.append(bytes)
    if framing == .chunked { out.appendLineEnd() }
    record.bodyBytes += bytes.count
    do throws(ExchangeFailure) {
      try await connection.send(out)
    } catch {
      abort()
      throw error
    }
  }

  /// Ends a body sent in pieces.
  /// - Throws: `clientGone`.
  package func finish() async throws(ExchangeFailure) {
    guard case .begun(let framing) = answer else { throw .clientGone }
    answer = .finished
    guard framing == .chunked else { return }
    let out = ByteBuffer()
    out.appendLastChunk()
    answer = .broken
    try await connection.send(out)
    answer = .finished
  }

  /// Writes a head of our own but for the framing and the empty line.
  private func appendHead(
    to out: ByteBuffer, status: Int, fields: [(String, String)], contentType: String?,
    framing: BodyFraming = .none
  ) {
    record.status = status
    out.appendStatusLine(status)
    for (name, value) in fields { out.appendField(named: name, value) }
    if let contentType { out.appendField(named: "Content-Type", contentType) }
    appendDate(to: out)
    appendOwnFields(to: out, framing: framing)
  }

  func appendDate(to out: ByteBuffer) {
    out.append("Date: ")
    out.append(worker.currentDate())
    out.appendLineEnd()
  }

  /// Decides whether the connection goes on after this answer, and writes what says so, and the fields that were added.
  func appendOwnFields(to out: ByteBuffer, framing: BodyFraming) {
    extraFields.withBytes { out.append($0) }
    if let timing { out.appendServerTiming(timing, upstream: upstreamTime) }
    // A body that has come already, though nobody has read it, is no reason to close.
    if !decoder.isComplete { try? takeIn() }
    keepsAlive =
      head.keepAlive && framing != .untilClose && fault == nil && !worker.isDraining && canSkipRestOfBody
    if !keepsAlive {
      out.append("Connection: close\r\n")
    } else if isHTTP10 {
      out.append("Connection: keep-alive\r\n")
    }
  }

  /// How long the model server took until its answer's head had come, or has taken in vain.
  private var upstreamTime: Interval {
    guard let times = record.upstream else { return .zero }
    return (times.headAt ?? times.endedAt ?? loop.now).since(times.sentAt)
  }
}
