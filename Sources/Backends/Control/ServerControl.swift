internal import Core
internal import HTTP

/// What the daemon says to one model server besides the clients' requests.
struct ServerControl: Sendable {
  let client: HTTPClient
  /// For a server that is a service on the web.
  let web: WebClient
  /// The clients' requests, to be hung up on where the server is to end.
  let forwarded: ForwardedRequests
  let upstream: Upstream
  /// Answers 200 while the server is well.
  var healthPath = "/health"
  let timeline: any Timeline
  let logger: Logger
  /// How long a look may take at least, so that one whose turn comes late, as on a machine that stood still, can find
  /// what has come about meanwhile.
  var leastPatience: Duration = .seconds(2)
  /// Told how long everything took.
  var observe: @Sendable (RuntimeEvent) -> Void = { _ in }

  struct Answer: Sendable {
    let status: Int
    let body: String

    /// Worded to follow the request it answers: "returned 500: out of memory".
    var description: String {
      let text = body.count > 500 ? body.prefix(500) + "…" : body[...]
      return text.isEmpty ? "returned \(status)" : "returned \(status): \(text)"
    }
  }

  /// Sends one request and returns the answer, whatever its status.
  /// - Throws: `ClientFailure` when there is no whole answer within `timeout`.
  func ask(
    _ method: ControlRequest.Method, _ endpoint: String, body: String? = nil, timeout: Duration
  ) async throws(ClientFailure) -> Answer {
    // A base that ends in /v1, as OpenAI's clients write it, is that of the clients' routes alone.
    let base = upstream.basePath.hasSuffix("/v1") ? upstream.basePath.dropLast(3) : upstream.basePath[...]
    let request = ClientRequest(
      method.wireMethod, base + endpoint,
      fields: body == nil ? [] : [("Content-Type", "application/json")], body: Array((body ?? "").utf8))
    let response = try await send(request, timeout: timeout)
    return Answer(status: response.status, body: String(decoding: response.body, as: UTF8.self))
  }

  private func send(_ request: ClientRequest, timeout: Duration) async throws(ClientFailure) -> ClientResponse {
    guard let access = upstream.web else {
      return try await client.send(request, to: upstream.origin, timeout: timeout)
    }
    return try await web.send(request, to: upstream.origin, by: access, timeout: timeout)
  }

  /// What one look at a server found.
  enum Finding {
    case asHoped
    /// Worded for a person: what was seen instead.
    case notYet(String)
  }

  /// Looks until the server is found as hoped: at first every few milliseconds, then four times a second, so that little
  /// is added to the server's own time and a long wait costs nothing.
  /// - Parameters:
  ///   - hope: what is waited for, worded to follow "the server was not".
  ///   - patience: how long one look may take: one that hangs must not cost the whole time.
  /// - Throws: when that has not come after `timeout`, when `look` throws, or when the task is cancelled.
  func waitUntil(
    _ hope: String, within timeout: Duration, patience: Duration = .seconds(10),
    look: (_ timeout: Duration) async throws(RuntimeFailure) -> Finding
  ) async throws(RuntimeFailure) {
    let deadline = timeline.now + timeout
    var pause: Duration = .milliseconds(5)
    while true {
      let patience = max(min(deadline - timeline.now, patience), leastPatience)
      guard case .notYet(let reason) = try await look(patience) else { return }
      guard timeline.now + pause < deadline else {
        throw RuntimeFailure("the server was not \(hope) within \(timeout): \(reason)", .timedOut)
      }
      // Only a task that was cancelled can't wait.
      do { try await timeline.sleep(for: pause) } catch { throw RuntimeFailure("given up: \(reason)") }
      pause = min(pause * 2, .milliseconds(250))
    }
  }
}

extension RuntimeFailure {
  /// That a server gave no answer.
  init(_ failure: ClientFailure) {
    let cause: Cause =
      switch failure.kind {
      case .timedOut: .timedOut
      case .connectTimedOut: .unreachable
      case .notConnected, .cancelled, .noAnswer: .other
      }
    self.init(failure.description, cause)
  }
}

extension ControlRequest.Method {
  fileprivate var wireMethod: HTTPMethod {
    switch self {
    case .get: .get
    case .post: .post
    case .put: .put
    case .patch: .patch
    }
  }
}
