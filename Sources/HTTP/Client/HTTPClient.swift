package import Core

/// Sends single requests to model servers: control steps and health checks, not clients' traffic. Each goes over a
/// connection of its own, so that none is ever sent twice. Any task may use it.
package struct HTTPClient: Sendable {
  private let loops: EventLoopGroup

  package init(loops: EventLoopGroup) { self.loops = loops }

  /// Sends a request and returns the whole answer, whatever its status.
  /// - Parameters:
  ///   - timeout: for all of it, from looking up the name to the answer's last byte.
  ///   - bodyLimit: of the answer, in bytes.
  /// - Throws: `ClientFailure` that names the request; its kind is `cancelled` when the task was.
  package func send(
    _ request: ClientRequest, to origin: Origin, timeout: Duration, bodyLimit: Int = 1 << 20
  ) async throws(ClientFailure) -> ClientResponse {
    let loop = loops.next()
    let wait = AbortHandle()
    let call = ClientCall(request: request, origin: origin, timeout: timeout, bodyLimit: bodyLimit, wait: wait)
    let outcome = await withTaskCancellationHandler {
      await loop.run { () async -> Result<ClientResponse, ClientFailure> in
        do throws(ClientFailure) { return .success(try await call.run(on: loop)) } catch { return .failure(error) }
      }
    } onCancel: {
      loop.execute { wait.abort() }
    }
    return try outcome.get()
  }
}

extension HTTPClient {
  /// Ends every connection over which clients' requests are forwarded to that server; see `EventLoopGroup`.
  package func hangUp(on origin: Origin) { loops.hangUp(on: origin) }
}

/// A request with its whole body.
package struct ClientRequest: Sendable {
  package var method: HTTPMethod
  /// Path and query, percent-encoded.
  package var target: String
  /// Besides Host, Content-Length and Connection, which are added.
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]

  package init(
    _ method: HTTPMethod, _ target: String, fields: [(name: String, value: String)] = [], body: [UInt8] = []
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
  }
}

/// A whole answer.
package struct ClientResponse: Sendable {
  package let status: Int
  package let body: [UInt8]
}

/// Why there is no answer.
package struct ClientFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// No connection came about, as when nobody listens.
    case notConnected
    case timedOut
    /// The task was cancelled.
    case cancelled
    /// The connection broke, or what came is no answer or is too large.
    case noAnswer
  }

  package let kind: Kind
  /// Worded for a person, as "POST http://127.0.0.1:8001/sleep?level=1: connection refused".
  package let description: String
}

/// One request on its way.
private struct ClientCall: Sendable {
  let request: ClientRequest
  let origin: Origin
  let timeout: Duration
  let bodyLimit: Int
  let wait: AbortHandle

  func run(on loop: EventLoop) async throws(ClientFailure) -> ClientResponse {
    loop.schedule(at: SystemTimeline().now + Interval(timeout)) { [weak wait] in wait?.abort(timedOut: true) }
    let upstream: UpstreamConnection
    do {
      upstream = try await Dialler.connect(to: origin, within: timeout, on: loop, abortedBy: wait)
    } catch {
      throw failure(error.timedOut ? .timedOut : .notConnected, error.reason)
    }
    wait.attach(upstream.channel)
    defer {
      wait.detach()
      upstream.channel.close()
    }
    // A server may answer, and end the connection, without having read all; so a failure to send is not yet one.
    _ = await upstream.channel.sendAll(message())
    try await readHead(from: upstream)
    return try await readBody(from: upstream)
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
    from upstream: UpstreamConnection
  ) async throws(ClientFailure) -> ClientResponse {
    var decoder = BodyDecoder(upstream.head.framing)
    var bodyBytes = 0
    while true {
      do {
        bodyBytes += try decoder.decode(upstream.input, from: bodyBytes).payload
      } catch {
        throw failure(.noAnswer, error.message)
      }
      guard bodyBytes <= bodyLimit else { throw failure(.noAnswer, "the answer exceeds \(bodyLimit) bytes") }
      if decoder.isComplete { break }
      guard let end = try await receive(from: upstream) else { continue }
      guard case .ended = end, decoder.mayEndWithConnection else { throw failure(.noAnswer, Self.reason(end)) }
      break
    }
    upstream.input.truncate(to: bodyBytes)
    let body = upstream.input.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    return ClientResponse(status: upstream.head.status, body: body)
  }

  /// Appends what comes; returns how the stream ended, if it did.
  private func receive(
    from upstream: UpstreamConnection
  ) async throws(ClientFailure) -> Transfer? {
    while true {
      guard await upstream.channel.waitReadable() == .ready else { throw failure(.noAnswer, "no longer wanted") }
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
    guard !wait.isAborted, kind != .timedOut else {
      let timedOut = wait.hasTimedOut || kind == .timedOut
      return ClientFailure(
        kind: timedOut ? .timedOut : .cancelled,
        description: timedOut ? "\(name): no answer within \(timeout.seconds) s" : "\(name): cancelled")
    }
    return ClientFailure(kind: kind, description: "\(name): \(reason)")
  }
}
