internal import Core
internal import Synchronization

/// Where the output of a model's processes goes: all of it to the lines that are kept, and what a log can bear to the log.
final class OutputSink: Sendable {
  private let logger: Logger
  private let kept: ModelOutput?
  private let subject: String?
  private let rate = Mutex(LineRate())

  /// - Parameters:
  ///   - logger: gets the lines, each with its stream in the field "output".
  ///   - kept: nil keeps none of them.
  ///   - subject: what the notes between the lines are about, where that is not the model's server.
  init(logger: Logger, kept: ModelOutput? = nil, subject: String? = nil) {
    (self.logger, self.kept, self.subject) = (logger, kept, subject)
  }

  func take(_ lines: [String], from stream: ServerOutput.Stream, at now: Instant) {
    kept?.append(lines)
    for line in rate.withLock({ $0.admit(lines, at: now) }) { logger.info(line, ["output": stream.rawValue]) }
  }

  /// Says something between the processes' own lines, of which the log tells elsewhere.
  func note(_ text: String) {
    kept?.append(["*** switcher: \([subject, text].compactMap(\.self).joined(separator: ": ")) ***"])
  }
}
