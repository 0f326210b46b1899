/// A JSON value that knows where it was written, for messages that point at it. Members are in the order of the text,
/// duplicate keys included.
struct LocatedJSON: Sendable {
  let position: TextPosition
  let value: Value

  indirect enum Value: Sendable {
    case null
    case bool(Bool)
    /// A number as it was spelled.
    case number(String)
    case string(String)
    case array([LocatedJSON])
    case object([Member])
  }

  struct Member: Sendable {
    let key: String
    let keyPosition: TextPosition
    let value: LocatedJSON
  }

  /// Why a text is not JSON, and where.
  struct Fault: Error, Hashable {
    let position: TextPosition
    let message: String
  }

  init(position: TextPosition, value: Value) {
    self.position = position
    self.value = value
  }

  /// Reads a whole text.
  init(parsing bytes: [UInt8]) throws(Fault) {
    let text = bytes.span
    let lines = LineTable(text)
    do throws(JSONFault) {
      var scanner = JSONScanner(text)
      self = try Self.value(at: &scanner, in: text, lines)
      try scanner.end(in: text)
    } catch {
      throw Fault(position: lines.position(of: error.offset, in: text), message: error.description)
    }
  }

  /// Why a text is not JSON, found without keeping any of its values; nil when it is.
  static func fault(in bytes: [UInt8]) -> Fault? {
    let text = bytes.span
    do throws(JSONFault) {
      var scanner = JSONScanner(text)
      try scanner.skipValue(in: text)
      try scanner.end(in: text)
      return nil
    } catch {
      return Fault(position: LineTable(text).position(of: error.offset, in: text), message: error.description)
    }
  }

  /// The same value without its places.
  var plain: JSONValue {
    switch value {
    case .null: .null
    case .bool(let value): .bool(value)
    case .number(let spelling): .number(spelling)
    case .string(let value): .string(value)
    case .array(let elements): .array(elements.map(\.plain))
    case .object(let members): .object(members.map { JSONValue.Member($0.key, $0.value.plain) })
    }
  }

  private static func value(
    at scanner: inout JSONScanner, in text: Span<UInt8>, _ lines: LineTable
  ) throws(JSONFault) -> LocatedJSON {
    let start = scanner.position
    let value: Value
    switch try scanner.kind(in: text) {
    case .object:
      var members: [Member] = []
      try scanner.object(in: text) { scanner, key throws(JSONFault) in
        let keyPosition = lines.position(of: key.range.lowerBound, in: text)
        let value = try Self.value(at: &scanner, in: text, lines)
        members.append(Member(key: key.decoded(in: text), keyPosition: keyPosition, value: value))
      }
      value = .object(members)
    case .array:
      var elements: [LocatedJSON] = []
      try scanner.array(in: text) { scanner throws(JSONFault) in
        elements.append(try Self.value(at: &scanner, in: text, lines))
      }
      value = .array(elements)
    case .string: value = .string(try scanner.string(in: text).decoded(in: text))
    case .number: value = .number(text.extracting(try scanner.number(in: text)).string)
    case .boolean: value = .bool(try scanner.boolean(in: text))
    case .null:
      try scanner.null(in: text)
      value = .null
    }
    return LocatedJSON(position: lines.position(of: start, in: text), value: value)
  }
}

/// A place in a text, as editors count: both numbers from 1, the column in characters.
struct TextPosition: Hashable, Sendable, Comparable, CustomStringConvertible {
  let line: Int
  let column: Int

  static let start = TextPosition(line: 1, column: 1)

  var description: String { "\(line):\(column)" }

  static func < (left: TextPosition, right: TextPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// Where the lines of a text begin.
private struct LineTable {
  private let starts: [Int]

  init(_ text: Span<UInt8>) {
    starts = [0] + text.indices.filter { text[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
  }

  func position(of offset: Int, in text: Span<UInt8>) -> TextPosition {
    let following = starts.firstIndex { $0 > offset } ?? starts.count
    let start = starts[following - 1]
    let characters = (start..<min(offset, text.count)).count { text[$0] & 0xC0 != 0x80 }
    return TextPosition(line: following, column: characters + 1)
  }
}
