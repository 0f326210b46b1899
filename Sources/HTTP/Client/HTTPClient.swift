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
    let call = ClientCall(request: request, origin: origin, timeout: timeout)
    return try await onLoop(call.wait) { loop async throws(ClientFailure) in
      try await call.run(on: loop, bodyLimit: bodyLimit)
    }
  }

  /// Sends a request and hands the answer's body on as it comes, until it ends.
  /// - Parameters:
  ///   - timeout: from looking up the name to the answer's head.
  ///   - silence: the longest time between two pieces of the body.
  ///   - take: gets the answer's status and a piece of its body; a body that is empty is one empty piece.
  /// - Throws: as `send`; also when the body breaks off, or nothing more comes.
  package func stream(
    _ request: ClientRequest, to origin: Origin, timeout: Duration, silence: Duration,
    take: @escaping @Sendable (_ status: Int, _ piece: [UInt8]) -> Void
  ) async throws(ClientFailure) {
    let call = ClientCall(request: request, origin: origin, timeout: timeout)
    try await onLoop(call.wait) { loop async throws(ClientFailure) in
      try await call.stream(on: loop, silence: silence, take: take)
    }
  }

  /// Runs `work` on one of the loops; it is aborted when the task is cancelled.
  /// - Parameter work: concurrent, because Swift 6.3 has a closure value that is not leave the loop's executor.
  private func onLoop<Outcome: Sendable>(
    _ wait: AbortHandle,
    _ work: @escaping @Sendable @concurrent (EventLoop) async throws(ClientFailure) -> Outcome
  ) async throws(ClientFailure) -> Outcome {
    let loop = loops.next()
    let outcome = await withTaskCancellationHandler {
      await loop.run { () async -> Result<Outcome, ClientFailure> in
        do throws(ClientFailure) { return .success(try await work(loop)) } catch { return .failure(error) }
      }
    } onCancel: {
      loop.execute { wait.abort() }
    }
    return try outcome.get()
  }
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

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// Why there is no answer.
package struct ClientFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// No connection came about, as when nobody listens.
    case notConnected
    /// Nor did anybody refuse one in time: the machine has stopped, a firewall drops what comes, or a server that listens
    /// takes no connections on.
    case connectTimedOut
    /// There was a connection, but no whole answer in time.
    case timedOut
    /// The task was cancelled.
    case cancelled
    /// The connection broke, or what came is no answer or is too large.
    case noAnswer
  }

  package let kind: Kind
  /// Worded for a person, as "POST http://127.0.0.1:8001/sleep?level=1: connection refused".
  package let description: String

  package init(kind: Kind, description: String) {
    self.kind = kind
    self.description = description
  }
}
