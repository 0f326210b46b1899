internal import Core
internal import Foundation
internal import FoundationNetworking
internal import HTTP

/// Asks services on the web, over TLS where their address says so.
struct WebClient: Sendable {
  /// URLSession heeds no request's own time-out here, only its session's: so that one is beyond all of them.
  private let transfers = WebTransfers(patience: .seconds(366 * 86_400))
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
    guard let address = URL(string: url) else { throw RuntimeFailure("\(url) is no URL") }
    var request = URLRequest(url: address)
    request.httpMethod = method.rawValue
    request.setValue(authorization, forHTTPHeaderField: "Authorization")
    do {
      let answer = try await answer(to: request, within: timeout)
      let retryAfter = answer.fields.first { $0.name.lowercased() == "retry-after" }.flatMap { Int($0.value) }
      return Answer(status: answer.status, body: answer.body, retryAfter: retryAfter.map { .seconds(max($0, 0)) })
    } catch {
      throw RuntimeFailure("\(method.rawValue) \(url): \(error.localizedDescription)")
    }
  }

  /// Sends a request as `HTTPClient.send` does to servers nearby.
  /// - Throws: when the whole of an answer has not come within `timeout`, or exceeds 1 MiB; the failure names the request.
  func send(
    _ request: ClientRequest, to origin: Origin, by access: WebAccess, timeout: Duration
  ) async throws(ClientFailure) -> ClientResponse {
    let address = "\(access.scheme.rawValue)://\(origin)\(request.target)"
    guard let url = URL(string: address) else {
      throw ClientFailure(kind: .noAnswer, description: "\(address) is no URL")
    }
    var webRequest = URLRequest(url: url)
    webRequest.httpMethod = request.method.description
    for field in request.fields { webRequest.addValue(field.value, forHTTPHeaderField: field.name) }
    webRequest.setValue(access.authorization, forHTTPHeaderField: "Authorization")
    if !request.body.isEmpty { webRequest.httpBody = Data(request.body) }
    do {
      let answer = try await answer(to: webRequest, within: timeout)
      return ClientResponse(status: answer.status, body: answer.body)
    } catch {
      throw ClientFailure(
        kind: ClientFailure.Kind(error), description: "\(request.method) \(address): \(error.localizedDescription)")
    }
  }

  private func answer(
    to request: URLRequest, within timeout: Duration
  ) async throws(URLError) -> (status: Int, fields: [(name: String, value: String)], body: [UInt8]) {
    let transfer = transfers.send(request)
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
          throw URLError(.dataLengthExceedsMaximum, "the answer exceeds \(Self.mostBytes) bytes")
        }
        transfer.taken(bytes: bytes.count)
      case .end(nil): return (head.status, head.fields, body)
      case .end(let failure?): throw failure
      }
    }
    throw URLError(.cancelled)
  }
}

extension ClientFailure.Kind {
  fileprivate init(_ error: URLError) {
    switch error.code {
    case .cancelled: self = .cancelled
    case .timedOut: self = .timedOut
    case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed: self = .notConnected
    default: self = .noAnswer
    }
  }
}
