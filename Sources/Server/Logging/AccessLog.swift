internal import Core
internal import HTTP

/// Writes a line for each request. It is on every request's way, so it makes no record of it, and is written with others.
struct AccessLog: Sendable {
  private static let stream = "access"
  private static let message = "request"

  let logs: Logs

  /// - Parameters:
  ///   - path: without the query, which may hold secrets.
  ///   - total: from the request's first byte until now.
  func write(_ exchange: Exchange, path: String, _ account: RequestAccount, total: Interval) {
    guard logs.hasAccess else { return }
    let record = exchange.record
    logs.output.write(.info, Self.message, of: Self.stream) { line in
      line.add("method", exchange.method.description)
      line.add("path", logs.secrets.masked(path))
      if let model = account.model { line.add("model", model.name) }
      // 0 where there was no answer, as when the client had left.
      line.add("status", record.status ?? 0)
      line.add("outcome", (account.outcome ?? RequestOutcome(account, status: record.status)).rawValue)
      if let code = account.code { line.add("code", code.rawValue) }
      line.add("bytes", record.bodyBytes)
      line.add("queue_ms", milliseconds: account.queue)
      line.add("switch_ms", milliseconds: account.switching)
      line.add("upstream_ms", milliseconds: account.upstream)
      line.add("total_ms", milliseconds: total)
      line.add("request_id", logs.secrets.masked(exchange.requestID))
    }
  }

  /// Writes the line of a request that was refused before it could be read.
  func write(_ error: APIError, requestID: String) {
    guard logs.hasAccess else { return }
    logs.output.write(.info, Self.message, of: Self.stream) { line in
      line.add("status", error.status)
      line.add("outcome", RequestOutcome.rejected.rawValue)
      line.add("code", error.code.rawValue)
      line.add("request_id", requestID)
    }
  }
}

extension RequestOutcome {
  /// How a request ended that was for no model.
  fileprivate init(_ account: RequestAccount, status: Int?) {
    guard let status else {
      self = .cancelled
      return
    }
    self = account.code == nil && status < 400 ? .success : .rejected
  }
}
