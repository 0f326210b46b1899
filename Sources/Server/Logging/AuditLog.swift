internal import Core
internal import HTTP

/// Writes a line for each thing that an operator did, or was not allowed to do: who, what, and what came of it.
struct AuditLog: Sendable {
  /// How much of a request's body is shown; none that means anything is longer.
  private static let mostBodyBytes = 1_024

  let logger: Logger

  func write(_ exchange: Exchange, path: String, _ account: RequestAccount) {
    let status = exchange.record.status ?? 0
    var line = logger.with("peer", exchange.peer).with("method", exchange.method).with("path", path)
    let body = exchange.withBody { body in
      String(decoding: body.extracting(first: Self.mostBodyBytes).indices.map { body[$0] }, as: UTF8.self)
    }
    if !body.isEmpty { line = line.with("body", body) }
    line = line.with("status", status)
    if let code = account.code { line = line.with("code", code.rawValue) }
    if let remark = exchange.remark { line = line.with("failure", remark) }
    line = line.with("request_id", exchange.requestID)
    if 200..<300 ~= status { line.info("operator") } else { line.warning("operator") }
  }
}
