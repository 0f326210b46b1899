/// The place of a string in a JSON text: validated, not yet decoded.
struct JSONString {
  /// The bytes between the quotes.
  let contents: Range<Int>
  private let hasEscapes: Bool

  /// Reads the string whose contents begin at `start`, up to its closing quote.
  init(from start: Int, in text: Span<UInt8>) throws(JSONFault) {
    var position = start
    var hasEscapes = false
    while true {
      position = Self.plainEnd(from: position, in: text)
      guard position < text.count else {
        throw JSONFault(at: position, in: text, expected: "a closing quote")
      }
      switch text[position] {
      case UInt8(ascii: "\""):
        contents = start..<position
        self.hasEscapes = hasEscapes
        return
      case UInt8(ascii: "\\"):
        hasEscapes = true
        position = try Self.escapeEnd(from: position, in: text)
      case 0x80...:
        repeat {
          position = try Self.scalarEnd(from: position, in: text)
        } while position < text.count && text[position] >= 0x80
      default:
        throw JSONFault(at: position, in: text, expected: "no control byte inside a string")
      }
    }
  }

  /// Where in the text the whole string is, its quotes included.
  var range: Range<Int> { contents.lowerBound - 1..<contents.upperBound + 1 }

  /// Whether the string is `other`, an ASCII word. Escapes make no difference, and nothing is allocated without them.
  func equals(_ other: StaticString, in text: Span<UInt8>) -> Bool {
    guard !hasEscapes else { return decoded(in: text) == other.description }
    guard contents.count == other.utf8CodeUnitCount else { return false }
    return (0..<contents.count).allSatisfy { unsafe other.utf8Start[$0] == text[contents.lowerBound + $0] }
  }

  /// The string that is meant. Half a surrogate pair, which the grammar allows and Unicode does not, becomes U+FFFD.
  func decoded(in text: Span<UInt8>) -> String {
    let raw = text.extracting(contents)
    guard hasEscapes else { return raw.string }
    var units: [UInt8] = []
    var position = 0
    while position < raw.count {
      guard raw[position] == UInt8(ascii: "\\") else {
        units.append(raw[position])
        position += 1
        continue
      }
      let (scalar, end) = Self.unescaped(from: position, in: raw)
      units.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      position = end
    }
    return String(decoding: units, as: UTF8.self)
  }

  /// The offset of the first byte that needs a closer look: a quote, a backslash, a control or a non-ASCII byte.
  ///
  /// Looks at sixteen bytes at a time: in each of the four terms an ASCII byte gets its top bit only by being, in turn,
  /// not ASCII, below the space, the quote and the backslash. (Comparing vectors would say it more directly, but is
  /// compiled into a loop over their elements.)
  @inline(__always)
  private static func plainEnd(from start: Int, in text: Span<UInt8>) -> Int {
    var position = start
    // Sixteen bytes in any state are a valid vector, and each load checks its bounds.
    let bytes = unsafe text.bytes
    while position + 16 <= bytes.byteCount {
      let block = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: SIMD16<UInt8>.self)
      let marks = (block | (block &- 0x20) | ((block ^ 0x22) &- 1) | ((block ^ 0x5C) &- 1)) & 0x80
      let halves = unsafe unsafeBitCast(marks, to: SIMD2<UInt64>.self)
      if halves[0] != 0 { return position + halves[0].trailingZeroBitCount / 8 }
      if halves[1] != 0 { return position + 8 + halves[1].trailingZeroBitCount / 8 }
      position += 16
    }
    while position < text.count {
      switch text[position] {
      case 0x22, 0x5C, 0..<0x20, 0x80...: return position
      default: position += 1
      }
    }
    return position
  }

  /// The end of the escape sequence whose backslash is at `start`.
  private static func escapeEnd(from start: Int, in text: Span<UInt8>) throws(JSONFault) -> Int {
    guard start + 1 < text.count else { throw JSONFault(at: start + 1, in: text, expected: "an escape sequence") }
    switch text[start + 1] {
    case UInt8(ascii: "u"):
      for index in start + 2..<start + 6 {
        guard index < text.count, hexDigit(text[index]) != nil else {
          throw JSONFault(at: index, in: text, expected: "a hexadecimal digit")
        }
      }
      return start + 6
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start + 2
    default:
      throw JSONFault(at: start + 1, in: text, expected: "an escape sequence")
    }
  }

  /// The end of the character of two to four bytes that begins at `start` (Unicode, table 3-7).
  @inline(__always)
  private static func scalarEnd(from start: Int, in text: Span<UInt8>) throws(JSONFault) -> Int {
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch text[start] {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: throw JSONFault(at: start, in: text, expected: "UTF-8")
      }
    guard start + length <= text.count, second.contains(text[start + 1]) else {
      throw JSONFault(at: start, in: text, expected: "UTF-8")
    }
    for index in start + 2..<max(start + length, start + 2) where text[index] & 0xC0 != 0x80 {
      throw JSONFault(at: start, in: text, expected: "UTF-8")
    }
    return start + length
  }

  /// What the escape sequence at `start` stands for, and where it ends; the sequence has been validated.
  private static func unescaped(from start: Int, in raw: Span<UInt8>) -> (scalar: Unicode.Scalar, end: Int) {
    switch raw[start + 1] {
    case UInt8(ascii: "b"): return ("\u{8}", start + 2)
    case UInt8(ascii: "f"): return ("\u{C}", start + 2)
    case UInt8(ascii: "n"): return ("\n", start + 2)
    case UInt8(ascii: "r"): return ("\r", start + 2)
    case UInt8(ascii: "t"): return ("\t", start + 2)
    case UInt8(ascii: "u"):
      let first = codeUnit(at: start + 2, in: raw)
      guard first & 0xFC00 == 0xD800, start + 12 <= raw.count, raw[start + 6] == UInt8(ascii: "\\"),
        raw[start + 7] == UInt8(ascii: "u"), case let second = codeUnit(at: start + 8, in: raw),
        second & 0xFC00 == 0xDC00
      else { return (Unicode.Scalar(first) ?? "\u{FFFD}", start + 6) }
      let scalar = 0x1_0000 + (first & 0x3FF) << 10 + second & 0x3FF
      return (Unicode.Scalar(scalar) ?? "\u{FFFD}", start + 12)
    case let byte: return (Unicode.Scalar(byte), start + 2)
    }
  }

  /// The UTF-16 code unit that four hexadecimal digits stand for.
  private static func codeUnit(at start: Int, in raw: Span<UInt8>) -> UInt32 {
    (start..<start + 4).reduce(0) { unit, index in unit << 4 | UInt32(hexDigit(raw[index]) ?? 0) }
  }

  @inline(__always)
  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Span<UInt8> {
  /// The bytes as UTF-8.
  var string: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }
}
