/// Walks over one JSON text (RFC 8259) from its first byte to its last and validates every byte that it passes.
///
/// The text is handed to each call rather than kept, so that the scanner is a plain value; it must be the same text each
/// time. What the scanner does not do is keep anything: who needs a value asks for the place where it stands.
struct JSONScanner {
  /// What kind of value begins at a byte.
  enum Kind {
    case object, array, string, number, boolean, null
  }

  /// How deep arrays and objects may nest: more than anybody writes, less than a stack holds.
  static let depthLimit = 512

  /// The offset of the next byte, in bytes from the beginning of the text.
  private(set) var position = 0
  private var depth = 0

  /// Begins at the first byte that means something: a byte order mark is passed over, as section 8.1 allows.
  init(_ text: Span<UInt8>) {
    if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { position = 3 }
    skipWhitespace(in: text)
  }

  /// The kind of the value that begins here.
  func kind(in text: Span<UInt8>) throws(JSONFault) -> Kind {
    guard position < text.count else { throw JSONFault(at: position, in: text, expected: "a value") }
    switch text[position] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    default: throw JSONFault(at: position, in: text, expected: "a value")
    }
  }

  /// Passes over the value that begins here, whatever it is, and the white space behind it.
  mutating func skipValue(in text: Span<UInt8>) throws(JSONFault) {
    switch try kind(in: text) {
    case .object: try object(in: text) { scanner, _ throws(JSONFault) in try scanner.skipValue(in: text) }
    case .array: try array(in: text) { scanner throws(JSONFault) in try scanner.skipValue(in: text) }
    case .string: _ = try string(in: text)
    case .number: _ = try number(in: text)
    case .boolean: _ = try boolean(in: text)
    case .null: try null(in: text)
    }
  }

  /// Passes over the object that begins here; `member` is called with each key and must pass over that key's value.
  @inline(__always)
  mutating func object(
    in text: Span<UInt8>, member: (inout JSONScanner, JSONString) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try enter(in: text)
    if !take(UInt8(ascii: "}"), in: text) {
      repeat {
        guard position < text.count, text[position] == UInt8(ascii: "\"") else {
          throw JSONFault(at: position, in: text, expected: "a key in double quotes")
        }
        let key = try string(in: text)
        guard take(UInt8(ascii: ":"), in: text) else { throw JSONFault(at: position, in: text, expected: "a colon") }
        try member(&self, key)
      } while take(UInt8(ascii: ","), in: text)
      guard take(UInt8(ascii: "}"), in: text) else {
        throw JSONFault(at: position, in: text, expected: "a comma or a closing brace")
      }
    }
    depth -= 1
  }

  /// Passes over the array that begins here; `element` is called at each element and must pass over it.
  @inline(__always)
  mutating func array(
    in text: Span<UInt8>, element: (inout JSONScanner) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try enter(in: text)
    if !take(UInt8(ascii: "]"), in: text) {
      repeat { try element(&self) } while take(UInt8(ascii: ","), in: text)
      guard take(UInt8(ascii: "]"), in: text) else {
        throw JSONFault(at: position, in: text, expected: "a comma or a closing bracket")
      }
    }
    depth -= 1
  }

  /// Passes over the string that begins here and tells where its contents are.
  mutating func string(in text: Span<UInt8>) throws(JSONFault) -> JSONString {
    let string = try JSONString(from: position + 1, in: text)
    position = string.contents.upperBound + 1
    skipWhitespace(in: text)
    return string
  }

  /// Passes over the number that begins here and tells where it is.
  mutating func number(in text: Span<UInt8>) throws(JSONFault) -> Range<Int> {
    let start = position
    if peek(in: text) == UInt8(ascii: "-") { position += 1 }
    if peek(in: text) == UInt8(ascii: "0") { position += 1 } else { try digits(in: text) }
    if peek(in: text) == UInt8(ascii: ".") {
      position += 1
      try digits(in: text)
    }
    if let byte = peek(in: text), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peek(in: text), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try digits(in: text)
    }
    let end = position
    skipWhitespace(in: text)
    return start..<end
  }

  /// Passes over the `true` or `false` that begins here and tells which it is.
  mutating func boolean(in text: Span<UInt8>) throws(JSONFault) -> Bool {
    let value = peek(in: text) == UInt8(ascii: "t")
    try literal(value ? "true" : "false", in: text)
    return value
  }

  /// Passes over the `null` that begins here.
  mutating func null(in text: Span<UInt8>) throws(JSONFault) {
    try literal("null", in: text)
  }

  /// Makes sure that nothing follows the value.
  func end(in text: Span<UInt8>) throws(JSONFault) {
    guard position == text.count else { throw JSONFault(at: position, in: text, expected: "nothing behind the value") }
  }

  private mutating func enter(in text: Span<UInt8>) throws(JSONFault) {
    guard depth < Self.depthLimit else {
      throw JSONFault(at: position, in: text, expected: "no more than \(Self.depthLimit) levels of nesting")
    }
    depth += 1
    position += 1
    skipWhitespace(in: text)
  }

  private func peek(in text: Span<UInt8>) -> UInt8? { position < text.count ? text[position] : nil }

  /// Passes over `byte` and the white space behind it, if it stands here.
  private mutating func take(_ byte: UInt8, in text: Span<UInt8>) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    skipWhitespace(in: text)
    return true
  }

  private mutating func digits(in text: Span<UInt8>) throws(JSONFault) {
    let start = position
    while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position > start else { throw JSONFault(at: position, in: text, expected: "a digit") }
  }

  private mutating func literal(_ literal: StaticString, in text: Span<UInt8>) throws(JSONFault) {
    let start = position
    for index in 0..<literal.utf8CodeUnitCount {
      guard unsafe literal.utf8Start[index] == peek(in: text) else {
        throw JSONFault(at: start, in: text, expected: "a value")
      }
      position += 1
    }
    skipWhitespace(in: text)
  }

  @inline(__always)
  private mutating func skipWhitespace(in text: Span<UInt8>) {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      default: return
      }
    }
  }
}

/// Why a text is not JSON, and where.
struct JSONFault: Error, Hashable, CustomStringConvertible {
  /// In bytes from the beginning of the text.
  let offset: Int
  /// Worded for a person: `found "}", expected a value`.
  let description: String

  init(at offset: Int, in text: Span<UInt8>, expected: String) {
    self.offset = offset
    let found =
      if offset >= text.count {
        "the end of the text"
      } else if (0x21...0x7E).contains(text[offset]) {
        "\"\(Character(Unicode.Scalar(text[offset])))\""
      } else {
        "byte 0x\(String(text[offset], radix: 16, uppercase: true))"
      }
    description = "found \(found), expected \(expected)"
  }
}
