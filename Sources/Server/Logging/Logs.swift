internal import Core
internal import Synchronization

/// The daemon's log and its streams: its own lines, one line a request, operators' actions, and what model servers write.
/// What of them is written can change at any time.
final class Logs: Sendable {
  /// Masks what must not be shown.
  let secrets: SecretKeeper
  let output: LogOutput
  private let level = LogThreshold()
  private let modelLevel = LogThreshold()
  private let writesAccess = Atomic(true)

  init(_ settings: LogSettings, secrets: SecretKeeper, output: LogOutput = LogOutput()) {
    self.secrets = secrets
    self.output = output
    apply(settings)
  }

  /// From now on, this is what is written.
  func apply(_ settings: LogSettings) {
    level.set(settings.level)
    modelLevel.set(settings.models ? .info : nil)
    writesAccess.store(settings.access, ordering: .relaxed)
  }

  /// The daemon's own lines.
  var daemon: Logger { logger(level) }

  /// What the model servers write.
  var models: Logger { logger(modelLevel).with("stream", "model") }

  /// Operators' actions, whatever the level.
  var audit: AuditLog { AuditLog(logger: logger(LogThreshold()).with("stream", "audit")) }

  /// One line a request.
  var access: AccessLog { AccessLog(logs: self) }

  /// Whether there is to be a line a request.
  var hasAccess: Bool { writesAccess.load(ordering: .relaxed) }

  private func logger(_ threshold: LogThreshold) -> Logger {
    Logger(threshold: threshold) { [output, secrets] in output.write(secrets.masked($0)) }
  }
}
