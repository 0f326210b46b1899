internal import Core
internal import HTTP

/// Asks services on the web, over TLS where their address says so.
struct WebClient: Sendable {
  private let timeline = SystemTimeline()
  /// Of an answer's body, as `HTTPClient` has it.
  private static let mostBytes = 1 << 20

  struct Answer: Sendable {
    let status: Int
    let body: [UInt8]
    /// For how long the service wants to be let alone (RFC 9110, section 10.2.3), where it says so in seconds.
    let retryAfter: Duration?

    /// Worded to follow the request it answers.
    var description: String {
      let text = String(decoding: body.prefix(500), as: UTF8.self)
      return text.isEmpty ? "returned \(status)" : "returned \(status): \(text)"
    }
  }

  /// Sends a request without a body and returns the answer, whatever its status.
  /// - Throws: when the whole of an answer has not come within `timeout`, or exceeds 1 MiB; the failure names the request.
  func ask(
    _ method: ControlRequest.Method, _ url: String, _ authorization: String, timeout: Duration
  ) async throws(RuntimeFailure) -> Answer {
    let request = WebRequest(method: method.rawValue, url: url, fields: [("Authorization", authorization)])
    do {
      let answer = try await answer(to: request, within: timeout)
      let retryAfter = answer.fields.first { $0.name.lowercased() == "retry-after" }.flatMap { Int($0.value) }
      return Answer(status: answer.status, body: answer.body, retryAfter: retryAfter.map { .seconds(max($0, 0)) })
    } catch {
      throw RuntimeFailure("\(method.rawValue) \(url): \(error.reason)")
    }
  }

  /// Sends a request as `HTTPClient.send` does to servers nearby.
  /// - Throws: when the whole of an answer has not come within `timeout`, or exceeds 1 MiB; the failure names the request.
  func send(
    _ request: ClientRequest, to origin: Origin, by access: WebAccess, timeout: Duration
  ) async throws(ClientFailure) -> ClientResponse {
    let address = "\(access.scheme.rawValue)://\(origin)\(request.target)"
    var webRequest = WebRequest(
      method: request.method.description, url: address, fields: request.fields.map { ($0.name, $0.value) },
      body: request.body)
    if let authorization = access.authorization { webRequest.replaceField("Authorization", with: authorization) }
    do {
      let answer = try await answer(to: webRequest, within: timeout)
      return ClientResponse(status: answer.status, body: answer.body)
    } catch {
      throw ClientFailure(kind: error.kind, description: "\(request.method) \(address): \(error.reason)")
    }
  }

  private func answer(
    to request: WebRequest, within timeout: Duration
  ) async throws(WebFailure) -> (status: Int, fields: [(name: String, value: String)], body: [UInt8]) {
    let transfer = WebTransfer()
    var request = request
    // Before all of the time is over, so that it is known whether there was a connection.
    request.connectTimeout = min(request.connectTimeout, timeout * 0.9)
    transfer.start(request)
    let patience = Task {
      try await timeline.sleep(for: timeout)
      transfer.timeOut(after: timeout)
    }
    defer {
      patience.cancel()
      transfer.cancel()
    }
    var head: (status: Int, fields: [(name: String, value: String)]) = (0, [])
    var body: [UInt8] = []
    for await news in transfer.news {
      switch news {
      case .head(let status, let fields): head = (status, fields)
      case .piece(let bytes):
        body += bytes
        guard body.count <= Self.mostBytes else {
          throw WebFailure(.noAnswer, "the answer exceeds \(Self.mostBytes) bytes")
        }
        transfer.taken(bytes: bytes.count)
      case .end(nil): return (head.status, head.fields, body)
      case .end(let failure?): throw failure
      }
    }
    throw WebFailure(.cancelled, "cancelled")
  }
}
