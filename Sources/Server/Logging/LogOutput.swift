internal import Core
internal import Glibc
internal import Synchronization

/// Where the log goes: lays out what is logged, counts it by level, and has it written.
final class LogOutput: Sendable {
  private let format: LogLine.Format
  private let writer: LogWriter
  private let counts: [LevelCount] = Logger.Level.allCases.map { _ in LevelCount() }

  private final class LevelCount: Sendable {
    let lines = Atomic(0)
  }

  /// To standard error, in the format that suits who reads it.
  convenience init() { self.init(isatty(STDERR_FILENO) == 1 ? .logfmt : .json, descriptor: STDERR_FILENO) }

  init(_ format: LogLine.Format, descriptor: Int32) {
    self.format = format
    writer = LogWriter(descriptor: descriptor) { count in
      let message = "log lines were dropped, since nobody read them in time"
      return Self.line(format, .warning, message, isOf: nil) { $0.add("lines", count) }
    }
  }

  /// How many lines of this level there were since the start.
  func lineCount(_ level: Logger.Level) -> Int { counts[level.rawValue].lines.load(ordering: .relaxed) }

  /// Writes one record, soon.
  func write(_ record: Logger.Record) {
    count(record.level)
    writer.append(Self.line(format, record), isUrgent: true)
  }

  /// Writes a line that belongs to a stream of many, together with those that come soon after it.
  /// - Parameter fields: adds what the line tells.
  func write(_ level: Logger.Level, _ message: String, of stream: String, _ fields: (inout LogLine) -> Void) {
    count(level)
    writer.append(Self.line(format, level, message, isOf: stream, fields), isUrgent: false)
  }

  /// Returns when all has been written, but after `patience` at the latest: before the process ends.
  func flush(within patience: Duration = .seconds(1)) { writer.flush(within: patience) }

  private func count(_ level: Logger.Level) { counts[level.rawValue].lines.wrappingAdd(1, ordering: .relaxed) }

  static func line(_ format: LogLine.Format, _ record: Logger.Record, at time: Timestamp = .now) -> [UInt8] {
    line(format, record.level, record.message, isOf: nil, at: time) { line in
      for field in record.fields {
        if let number = field.number { line.add(field.name, number) } else { line.add(field.name, field.value) }
      }
    }
  }

  private static func line(
    _ format: LogLine.Format, _ level: Logger.Level, _ message: String, isOf stream: String?,
    at time: Timestamp = .now, _ fields: (inout LogLine) -> Void
  ) -> [UInt8] {
    var line = LogLine(format)
    line.add("time", time)
    line.add("level", level.name)
    line.add("msg", message)
    if let stream { line.add("stream", stream) }
    fields(&line)
    line.end()
    return line.bytes
  }
}
