internal import Core
internal import Foundation
internal import FoundationNetworking

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
  /// - Throws: when there is no whole answer within `timeout`; the failure names the request.
  func ask(
    _ method: ControlRequest.Method, _ url: String, _ authorization: String, timeout: Duration
  ) async throws(RuntimeFailure) -> Answer {
    guard let address = URL(string: url) else { throw RuntimeFailure("\(url) is no URL") }
    var request = URLRequest(url: address, timeoutInterval: max(timeout.seconds, 0.001))
    request.httpMethod = method.rawValue
    request.setValue(authorization, forHTTPHeaderField: "Authorization")
    do {
      let (data, response) = try await session.data(for: request)
      guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
      let retryAfter = response.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
      return Answer(
        status: response.statusCode, body: Array(data), retryAfter: retryAfter.map { .seconds(max($0, 0)) })
    } catch {
      throw RuntimeFailure("\(method.rawValue) \(url): \(error.localizedDescription)")
    }
  }
}
