internal import Glibc

/// Looks for the field `model` in a form (multipart/form-data: RFC 7578 on RFC 2046, section 5.1) while its body is still
/// arriving, so that a long recording need not be in memory before the model is known.
///
/// One value searches one body. It remembers how far it has looked, so asking again after each piece costs no more than
/// asking once. Of several such fields the first one counts.
struct MultipartModel {
  enum Outcome: Hashable {
    /// The field's value, and where in the body it is.
    case found(String, Range<Int>)
    /// Not among the bytes that are there: ask again when there are more; if there are none, the field is absent.
    case needsMore
    /// The form ended without the field.
    case absent
  }

  private enum State {
    case preamble
    /// In what follows a delimiter: the rest of its line and the header of a part.
    case header(start: Int)
    case contents(start: Int, isModel: Bool)
    case ended
  }

  private static let headerEnd = Array("\r\n\r\n".utf8)
  private static let lastMark = Array("--".utf8)

  /// What separates the parts, with the line break before it, which only the first one may lack.
  private let delimiter: [UInt8]
  private var state = State.preamble
  /// What the current state looks for does not begin before this offset.
  private var searched = 0

  /// - Parameter contentType: the value of the request's Content-Type; nil when that is no form or has no boundary.
  init?(contentType: String) {
    // Spares nearly every request the thorough look.
    guard let first = contentType.utf8.first, first | 0x20 == UInt8(ascii: "m") else { return nil }
    let mediaType = ParameterisedValue(contentType)
    guard mediaType.value == "multipart/form-data", let boundary = mediaType.parameters["boundary"], !boundary.isEmpty
    else { return nil }
    delimiter = Array("\r\n--\(boundary)".utf8)
  }

  /// - Parameter body: all of the body that has come so far, from its first byte.
  mutating func find(in body: Span<UInt8>) -> Outcome {
    while true {
      switch state {
      case .preamble:
        let first = delimiter.dropFirst(2)
        if body.has(first, at: 0) {
          enter(.header(start: first.count), at: first.count)
        } else {
          guard let start = search(for: delimiter, in: body) else { return .needsMore }
          enter(.header(start: start + delimiter.count), at: start + delimiter.count)
        }
      case .header(let start):
        guard body.count >= start + Self.lastMark.count else { return .needsMore }
        if body.has(Self.lastMark[...], at: start) {
          state = .ended
        } else {
          guard let end = search(for: Self.headerEnd, in: body) else { return .needsMore }
          let isModel = Self.fieldName(inHeader: body.extracting(start..<end).string) == "model"
          let contents = end + Self.headerEnd.count
          enter(.contents(start: contents, isModel: isModel), at: contents)
        }
      case .contents(let start, let isModel):
        guard let end = search(for: delimiter, in: body) else { return .needsMore }
        if isModel { return .found(body.extracting(start..<end).string, start..<end) }
        enter(.header(start: end + delimiter.count), at: end + delimiter.count)
      case .ended:
        return .absent
      }
    }
  }

  private mutating func enter(_ state: State, at offset: Int) {
    self.state = state
    searched = offset
  }

  private mutating func search(for pattern: [UInt8], in body: Span<UInt8>) -> Int? {
    let found = body.firstOffset(of: pattern, from: searched)
    searched = found ?? max(searched, body.count - pattern.count + 1)
    return found
  }

  /// The name of the form's field that a part with this header is.
  private static func fieldName(inHeader header: String) -> String? {
    for line in header.split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else { continue }
      return ParameterisedValue(line[line.index(after: colon)...]).parameters["name"]
    }
    return nil
  }
}

/// A header field's value with parameters, as `form-data; name="model"` (RFC 9110, section 5.6.6).
struct ParameterisedValue {
  /// What stands before the parameters, in small letters.
  let value: String
  /// By name in small letters.
  let parameters: [String: String]

  init(_ text: some StringProtocol) {
    var pieces = [""]
    var isQuoted = false
    var isEscaped = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case _ where isEscaped:
        isEscaped = false
        pieces[pieces.count - 1].unicodeScalars.append(scalar)
      case "\\" where isQuoted: isEscaped = true
      case "\"": isQuoted.toggle()
      case ";" where !isQuoted: pieces.append("")
      default: pieces[pieces.count - 1].unicodeScalars.append(scalar)
      }
    }
    value = Self.trimmed(pieces[0][...]).lowercased()
    let pairs = pieces.dropFirst().compactMap { piece -> (String, String)? in
      guard let equals = piece.firstIndex(of: "=") else { return nil }
      return (Self.trimmed(piece[..<equals]).lowercased(), Self.trimmed(piece[piece.index(after: equals)...]))
    }
    parameters = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    let end = start.lastIndex { $0 != " " && $0 != "\t" }
    return end.map { String(start[...$0]) } ?? ""
  }
}

extension Span<UInt8> {
  fileprivate func has(_ pattern: ArraySlice<UInt8>, at offset: Int) -> Bool {
    guard offset + pattern.count <= count else { return false }
    return pattern.indices.allSatisfy { self[offset + $0 - pattern.startIndex] == pattern[$0] }
  }

  /// Where `pattern`, which is not empty, first occurs whole at or after `start`.
  fileprivate func firstOffset(of pattern: [UInt8], from start: Int) -> Int? {
    var offset = start
    while offset + pattern.count <= count {
      guard let candidate = firstOffset(of: pattern[0], from: offset) else { return nil }
      if has(pattern[...], at: candidate) { return candidate }
      offset = candidate + 1
    }
    return nil
  }

  private func firstOffset(of byte: UInt8, from start: Int) -> Int? {
    // memchr stays within the bytes that it is told of, and its result is used within the closure only.
    unsafe withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress,
        let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }
}
