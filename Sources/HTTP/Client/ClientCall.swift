internal import Core

/// One request on its way.
struct ClientCall: Sendable {
  let request: ClientRequest
  let origin: Origin
  let timeout: Duration
  let wait = AbortHandle()

  /// Returns the whole answer, which must have come within the time-out.
  func run(on loop: EventLoop, bodyLimit: Int) async throws(ClientFailure) -> ClientResponse {
    loop.schedule(at: SystemTimeline().now + Interval(timeout)) { [weak wait] in wait?.abort(timedOut: true) }
    let upstream = try await connect(on: loop)
    defer { part(from: upstream) }
    try await sendAndReadHead(upstream)
    return try await readBody(from: upstream, limit: bodyLimit)
  }

  /// Hands the body on piece by piece; only the head must have come within the time-out.
  func stream(
    on loop: EventLoop, silence: Duration, take: (_ status: Int, _ piece: [UInt8]) -> Void
  ) async throws(ClientFailure) {
    let isAnswered = Flag()
    loop.schedule(at: SystemTimeline().now + Interval(timeout)) { [weak wait] in
      if !isAnswered.isSet { wait?.abort(timedOut: true) }
    }
    let upstream = try await connect(on: loop)
    defer { part(from: upstream) }
    try await sendAndReadHead(upstream)
    isAnswered.isSet = true
    var decoder = BodyDecoder(upstream.head.framing)
    while true {
      let piece = try decode(&decoder, upstream, from: 0)
      take(upstream.head.status, upstream.input.withBytes { bytes in (0..<piece).map { bytes[$0] } })
      upstream.input.consume(piece)
      if decoder.isComplete { return }
      let end = try await receive(from: upstream, until: SystemTimeline().now + silence)
      guard let end else { continue }
      return try checkEnd(end, decoder)
    }
  }

  /// Something that is only touched on the loop's thread.
  private final class Flag { var isSet = false }

  private func connect(on loop: EventLoop) async throws(ClientFailure) -> UpstreamConnection {
    let upstream: UpstreamConnection
    do {
      upstream = try await Dialler.connect(to: origin, within: timeout, on: loop, abortedBy: wait)
    } catch {
      throw failure(error.timedOut || wait.hasTimedOut ? .connectTimedOut : .notConnected, error.reason)
    }
    wait.attach(upstream.channel)
    return upstream
  }

  private func part(from upstream: UpstreamConnection) {
    wait.detach()
    upstream.channel.close()
  }

  private func sendAndReadHead(_ upstream: UpstreamConnection) async throws(ClientFailure) {
    // A server may answer, and end the connection, without having read all; so a failure to send is not yet one.
    _ = await upstream.channel.sendAll(message())
    try await readHead(from: upstream)
  }

  private func message() -> ByteBuffer {
    let out = ByteBuffer()
    out.appendRequestLine(request.method, target: request.target.utf8Span.span)
    out.appendField(named: "Host", origin.description)
    for field in request.fields { out.appendField(named: field.name, field.value) }
    out.append("Connection: close\r\n")
    if !request.body.isEmpty || request.method != .get { out.appendField("Content-Length", request.body.count) }
    out.appendLineEnd()
    out.append(request.body)
    return out
  }

  private func readHead(from upstream: UpstreamConnection) async throws(ClientFailure) {
    var parser = ResponseParser(requestMethod: request.method)
    while true {
      do throws(WireFault) {
        while !upstream.input.isEmpty {
          guard try upstream.parseHead(&parser) else { break }
          upstream.input.consume(upstream.head.byteCount)
          if upstream.head.status >= 200 { return }
        }
      } catch {
        throw failure(.noAnswer, error.message)
      }
      if let end = try await receive(from: upstream) { throw failure(.noAnswer, Self.reason(end)) }
    }
  }

  private func readBody(
    from upstream: UpstreamConnection, limit: Int
  ) async throws(ClientFailure) -> ClientResponse {
    var decoder = BodyDecoder(upstream.head.framing)
    var bodyBytes = 0
    while true {
      bodyBytes += try decode(&decoder, upstream, from: bodyBytes)
      guard bodyBytes <= limit else { throw failure(.noAnswer, "the answer exceeds \(limit) bytes") }
      if decoder.isComplete { break }
      guard let end = try await receive(from: upstream) else { continue }
      try checkEnd(end, decoder)
      break
    }
    upstream.input.truncate(to: bodyBytes)
    let body = upstream.input.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    return ClientResponse(status: upstream.head.status, body: body)
  }

  /// Takes the framing off what has come of the body; returns how many bytes of it then stand at `start`.
  private func decode(
    _ decoder: inout BodyDecoder, _ upstream: UpstreamConnection, from start: Int
  ) throws(ClientFailure) -> Int {
    do {
      return try decoder.decode(upstream.input, from: start).payload
    } catch {
      throw failure(.noAnswer, error.message)
    }
  }

  /// - Throws: when the connection's end is not the body's.
  private func checkEnd(_ end: Transfer, _ decoder: BodyDecoder) throws(ClientFailure) {
    guard case .ended = end, decoder.mayEndWithConnection else { throw failure(.noAnswer, Self.reason(end)) }
  }

  /// Appends what comes; returns how the stream ended, if it did.
  private func receive(
    from upstream: UpstreamConnection, until deadline: Instant = .distantFuture
  ) async throws(ClientFailure) -> Transfer? {
    while true {
      switch await upstream.channel.waitReadable(until: deadline) {
      case .ready: break
      case .timedOut: throw failure(.noAnswer, "nothing more came")
      case .aborted: throw failure(.noAnswer, "no longer wanted")
      }
      let outcome = upstream.channel.receive(into: upstream.input)
      switch outcome {
      case .moved: return nil
      case .blocked: continue
      case .ended, .failed: return outcome
      }
    }
  }

  private static func reason(_ end: Transfer) -> String {
    if case .failed(let failure) = end {
      failure.reason
    } else {
      "the connection was closed before the answer was whole"
    }
  }

  /// Names the request; an end that came from here tells so whatever else it looks like.
  private func failure(_ kind: ClientFailure.Kind, _ reason: String) -> ClientFailure {
    let name = "\(request.method) http://\(origin)\(request.target)"
    if kind == .connectTimedOut {
      return ClientFailure(kind: kind, description: "\(name): no connection within \(timeout.seconds) s")
    }
    guard wait.isAborted else { return ClientFailure(kind: kind, description: "\(name): \(reason)") }
    guard wait.hasTimedOut else { return ClientFailure(kind: .cancelled, description: "\(name): cancelled") }
    return ClientFailure(kind: .timedOut, description: "\(name): no answer within \(timeout.seconds) s")
  }
}
