internal import Core

/// One line of the log as it is laid out: logfmt for a person at a terminal, JSON for a collector. Whatever the values
/// hold, it is one line, and nothing in it reaches the terminal as anything but text.
struct LogLine {
  enum Format: Sendable { case logfmt, json }

  private let format: Format
  private(set) var bytes: [UInt8] = []

  init(_ format: Format) {
    self.format = format
    bytes.reserveCapacity(384)
    if format == .json { bytes.append(UInt8(ascii: "{")) }
  }

  mutating func add(_ name: String, _ value: String) {
    begin(name)
    switch format {
    case .logfmt:
      if Self.isPlain(value) { append(value) } else { appendQuoted(value) }
    case .json: appendQuoted(value)
    }
  }

  mutating func add(_ name: String, _ value: Int) {
    begin(name)
    append(number: value)
  }

  /// In milliseconds, to the tenth; the name should end in `_ms`.
  mutating func add(_ name: String, milliseconds interval: Interval) {
    begin(name)
    let tenths = Int(max(interval.nanoseconds, 0) / 100_000)
    append(number: tenths / 10)
    bytes.append(UInt8(ascii: "."))
    append(number: tenths % 10)
  }

  mutating func add(_ name: String, _ time: Timestamp) {
    begin(name)
    if format == .json { bytes.append(UInt8(ascii: "\"")) }
    time.append(to: &bytes)
    if format == .json { bytes.append(UInt8(ascii: "\"")) }
  }

  /// Ends the line; nothing may be added after it.
  mutating func end() {
    if format == .json { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func begin(_ name: String) {
    switch format {
    case .logfmt:
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      append(name)
      bytes.append(UInt8(ascii: "="))
    case .json:
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(UInt8(ascii: "\""))
      append(name)
      bytes.append(UInt8(ascii: "\""))
      bytes.append(UInt8(ascii: ":"))
    }
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func append(number: Int) {
    if 0..<10 ~= number { bytes.append(UInt8(ascii: "0") + UInt8(number)) } else { append(String(number)) }
  }

  /// Whether a value can stand without quotes in logfmt.
  private static func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
  }

  /// As a JSON string. What is no printable character is escaped: the controls of either set, and those that would change
  /// the order or the look of what stands around them.
  private mutating func appendQuoted(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    if value.utf8.allSatisfy({ 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      append(value)
    } else {
      for scalar in value.unicodeScalars { append(escaped: scalar) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": append("\\\"")
    case "\\": append("\\\\")
    case "\n": append("\\n")
    case "\r": append("\\r")
    case "\t": append("\\t")
    case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
          let digits = String(unit, radix: 16)
          append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        }
      default: append(String(scalar))
      }
    }
  }
}
