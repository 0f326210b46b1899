internal import Core
internal import Foundation
internal import Glibc

/// Lays records out and writes each as one line to a descriptor: logfmt for a person at a terminal, JSON for a collector.
struct LogOutput: Sendable {
  enum Format: Sendable { case logfmt, json }

  /// RFC 3339 in UTC, to the millisecond.
  private static let timestamp = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  private let format: Format
  private let descriptor: Int32

  /// Writes to standard error, in the format that suits who reads it.
  static let standardError = LogOutput(
    format: isatty(STDERR_FILENO) == 1 ? .logfmt : .json, descriptor: STDERR_FILENO)

  init(format: Format, descriptor: Int32) {
    self.format = format
    self.descriptor = descriptor
  }

  /// Writes one record with a single system call, so that lines of several threads don't mix. What the descriptor does
  /// not take (a full disk, a closed pipe) is lost: a log must not hold up the service.
  func write(_ record: Logger.Record) {
    let line = Array((render(record, at: .now) + "\n").utf8)
    unsafe line.withUnsafeBytes { bytes in
      _ = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    }
  }

  func render(_ record: Logger.Record, at time: Date) -> String {
    var fields = [
      Logger.Field("time", time.formatted(Self.timestamp)), Logger.Field("level", record.level.name),
      Logger.Field("msg", record.message),
    ]
    fields += record.fields
    switch format {
    case .logfmt: return fields.map { "\($0.name)=\(Self.logfmtValue($0.value))" }.joined(separator: " ")
    case .json:
      return "{" + fields.map { "\(Self.quoted($0.name)):\(Self.quoted($0.value))" }.joined(separator: ",") + "}"
    }
  }

  private static func logfmtValue(_ value: String) -> String {
    let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 < 0x7F }
    return isPlain ? value : quoted(value)
  }

  /// As a JSON string; control characters can't break the line nor reach a terminal.
  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
