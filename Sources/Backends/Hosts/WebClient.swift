internal import Core
internal import Foundation
internal import FoundationNetworking
internal import HTTP

/// Asks services on the web, over TLS where their address says so.
struct WebClient: Sendable {
  private let session = URLSession(configuration: .ephemeral)

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
  /// - Throws: when there is no answer, or nothing more of it within `timeout`; the failure names the request.
  func ask(
    _ method: ControlRequest.Method, _ url: String, _ authorization: String, timeout: Duration
  ) async throws(RuntimeFailure) -> Answer {
    guard let address = URL(string: url) else { throw RuntimeFailure("\(url) is no URL") }
    var request = URLRequest(url: address, timeout: timeout)
    request.httpMethod = method.rawValue
    request.setValue(authorization, forHTTPHeaderField: "Authorization")
    do {
      let (data, response) = try await data(for: request)
      let retryAfter = response.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
      return Answer(
        status: response.statusCode, body: Array(data), retryAfter: retryAfter.map { .seconds(max($0, 0)) })
    } catch {
      throw RuntimeFailure("\(method.rawValue) \(url): \(error.localizedDescription)")
    }
  }

  /// Sends a request as `HTTPClient.send` does to servers nearby.
  /// - Throws: when there is no answer, or nothing more of it within `timeout`; the failure names the request.
  func send(
    _ request: ClientRequest, to origin: Origin, by access: WebAccess, timeout: Duration
  ) async throws(ClientFailure) -> ClientResponse {
    let address = "\(access.scheme.rawValue)://\(origin)\(request.target)"
    guard let url = URL(string: address) else {
      throw ClientFailure(kind: .noAnswer, description: "\(address) is no URL")
    }
    var webRequest = URLRequest(url: url, timeout: timeout)
    webRequest.httpMethod = request.method.description
    for field in request.fields { webRequest.addValue(field.value, forHTTPHeaderField: field.name) }
    webRequest.setValue(access.authorization, forHTTPHeaderField: "Authorization")
    if !request.body.isEmpty { webRequest.httpBody = Data(request.body) }
    do {
      let (data, response) = try await data(for: webRequest)
      return ClientResponse(status: response.statusCode, body: Array(data))
    } catch {
      throw ClientFailure(
        kind: ClientFailure.Kind(error), description: "\(request.method) \(address): \(error.localizedDescription)")
    }
  }

  private func data(for request: URLRequest) async throws -> (Data, HTTPURLResponse) {
    let (data, response) = try await session.data(for: request)
    guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
    return (data, response)
  }
}

extension URLRequest {
  fileprivate init(url: URL, timeout: Duration) {
    self.init(url: url, timeoutInterval: max(timeout.seconds, 0.001))
  }
}

extension ClientFailure.Kind {
  fileprivate init(_ error: any Error) {
    switch (error as? URLError)?.code {
    case .cancelled: self = .cancelled
    case .timedOut: self = .timedOut
    case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .secureConnectionFailed: self = .notConnected
    default: self = error is CancellationError ? .cancelled : .noAnswer
    }
  }
}
