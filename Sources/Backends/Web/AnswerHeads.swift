/// Reads the heads that come before an answer's body, line by line.
struct AnswerHeads {
  /// What a line comes to.
  enum Event: Equatable {
    case goOn
    /// The answer's own head is whole.
    case head(status: Int, fields: [Field])
    /// The answer can't be used; worded for a person.
    case fault(String)
  }

  struct Field: Equatable {
    let name: String
    var value: String
  }

  /// Of all heads together.
  private static let mostBytes = 256 << 10

  private var status: Int?
  private var fields: [Field] = []
  private var bytes = 0
  /// What follows is no head, but what may come after a body (RFC 9112, section 7.1.2).
  private var isOver = false

  /// - Parameter line: with its end.
  mutating func take(_ line: String) -> Event {
    guard !isOver else { return .goOn }
    bytes += line.utf8.count
    guard bytes <= Self.mostBytes else { return .fault("the answer's head exceeds \(Self.mostBytes) bytes") }
    // Byte by byte: as characters, a colon with a combining mark behind it would be none.
    let text = line.utf8.trimmed
    if text.isEmpty { return end() }
    if line.hasPrefix("HTTP/") {
      let words = text.split(separator: UInt8(ascii: " "))
      (status, fields) = (words.dropFirst().first.flatMap { Int(Substring($0)) }, [])
    } else if line.utf8.first.isBlank, !fields.isEmpty {
      // A value that goes on (RFC 9112, section 5.2).
      fields[fields.count - 1].value += " " + String(Substring(text))
    } else {
      guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text[..<colon].isToken else {
        return .fault("a line of the answer's head is no field")
      }
      let value = text[text.index(after: colon)...].trimmed
      fields.append(Field(name: String(Substring(text[..<colon])), value: String(Substring(value))))
    }
    return .goOn
  }

  private mutating func end() -> Event {
    guard let status else { return .goOn }
    if status == 101 { return .fault("the service went over to another protocol unasked") }
    // Informational ones are between the service and us (RFC 9110, section 15.2).
    guard status >= 200 else { return .goOn }
    isOver = true
    return .head(status: status, fields: fields)
  }
}

extension UInt8? {
  fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension BidirectionalCollection<UInt8> where SubSequence == Substring.UTF8View {
  /// Without blanks and the line's end at both sides.
  fileprivate var trimmed: SubSequence {
    let isTrimmed = { (byte: UInt8) in [0x20, 0x09, 0x0d, 0x0a].contains(byte) }
    guard let start = firstIndex(where: { !isTrimmed($0) }), let last = lastIndex(where: { !isTrimmed($0) }) else {
      return self[endIndex...]
    }
    return self[start...last]
  }
}

extension Substring.UTF8View {
  /// Whether it is a field's name (RFC 9110, section 5.6.2).
  fileprivate var isToken: Bool {
    !isEmpty
      && allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
