internal import Core
internal import HTTP

/// Enters every request of one listener, once it is over: into the metrics, the access log and, if it was an operator's,
/// the audit log.
struct RequestLedger: Sendable {
  let listener: HTTPMetrics.Listener
  let metrics: HTTPMetrics
  let access: AccessLog
  let audit: AuditLog
  let timeline: any Timeline

  func enter(_ exchange: Exchange, path: String, _ account: RequestAccount, _ route: HTTPMetrics.Route, isAudited: Bool)
  {
    if let status = exchange.record.status { route.count(status) }
    if let code = account.code { metrics.countRejection(code) }
    access.write(exchange, path: path, account, total: timeline.now.since(exchange.receivedAt))
    if isAudited { audit.write(exchange, path: path, account) }
  }

  /// Enters a request that was refused before there was any; it belongs to no route.
  /// - Returns: what the answer bears besides its own fields.
  func refuse(_ fault: WireFault, _ route: HTTPMetrics.Route) -> [(String, String)] {
    let requestID = RequestID.valid(nil)
    let error = APIError(fault)
    route.count(error.status)
    metrics.countRejection(error.code)
    access.write(error, requestID: requestID)
    return [(RequestID.field, requestID), ("Server-Timing", "queue;dur=0.0, switch;dur=0.0, upstream;dur=0.0")]
  }
}
