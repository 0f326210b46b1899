internal import Core
internal import Policies
internal import Switcher

/// Writes a line for each switch that has ended.
struct SwitchLog: Sendable {
  let logger: Logger

  func write(_ notice: Notice) {
    if case .switchEnded(let record) = notice { write(record) }
  }

  private func write(_ record: SwitchRecord) {
    var line = logger.with("switch_id", record.number)
      .with("from", record.from?.name ?? "none").with("to", record.to?.name ?? "none")
      .with("trigger", record.trigger.rawValue)
    if let reason = record.reason { line = line.with("reason", reason.rawValue) }
    for (phase, duration) in record.phases {
      line = line.with("\(phase.rawValue)_ms", Int((duration.seconds * 1000).rounded()))
    }
    line = line.with("total_ms", Int((record.total.seconds * 1000).rounded()))
    if record.cutRequests > 0 { line = line.with("cut_requests", record.cutRequests) }
    switch record.outcome {
    case .success: line.info("switched")
    case .cancelled: line.info("switch cancelled")
    case .failed: line.with("failure", record.failure?.message ?? "").warning("switch failed")
    }
  }
}
