internal import Core
internal import Foundation
internal import FoundationNetworking

/// Asks services on the web, over TLS where their address says so.
struct WebClient: Sendable {
  /// Each request has a time-out of its own.
  private let transfers = WebTransfers(patience: .seconds(60))

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
    let transfer = transfers.send(request)
    defer { transfer.cancel() }
    do {
      return try await Self.answer(of: transfer)
    } catch {
      throw RuntimeFailure("\(method.rawValue) \(url): \(error.localizedDescription)")
    }
  }

  private static func answer(of transfer: WebTransfer) async throws(URLError) -> Answer {
    var head: (status: Int, retryAfter: Duration?) = (0, nil)
    var body: [UInt8] = []
    for await news in transfer.news {
      switch news {
      case .head(let status, let fields):
        let retryAfter = fields.first { $0.name.lowercased() == "retry-after" }.flatMap { Int($0.value) }
        head = (status, retryAfter.map { .seconds(max($0, 0)) })
      case .piece(let bytes):
        body += bytes
        transfer.taken(bytes: bytes.count)
      case .end(nil): return Answer(status: head.status, body: body, retryAfter: head.retryAfter)
      case .end(let failure?): throw failure
      }
    }
    throw URLError(.cancelled)
  }
}
