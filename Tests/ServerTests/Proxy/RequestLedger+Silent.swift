import Core
import Metrics

@testable import Server

extension RequestLedger {
  /// Keeps its books in `registry`, and logs nothing.
  static func silent(_ registry: Registry = Registry()) -> RequestLedger {
    let logs = Logs(
      LogSettings(access: false), secrets: SecretKeeper(Secrets()), output: LogOutput(.json, descriptor: -1))
    return RequestLedger(
      listener: .client, metrics: HTTPMetrics(registry: registry), access: logs.access, audit: logs.audit,
      timeline: SystemTimeline())
  }
}
