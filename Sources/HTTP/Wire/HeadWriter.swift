/// Writing heads and chunks. What is written is well-formed whatever the values hold.
extension ByteBuffer {
  /// "HTTP/1.1 200 OK"
  func appendStatusLine(_ status: Int) {
    // The one that nearly all answers have.
    guard status != 200 else { return append("HTTP/1.1 200 OK\r\n") }
    append("HTTP/1.1 ")
    append(decimal: status)
    append(UInt8.space)
    append(ReasonPhrase.of(status))
    appendLineEnd()
  }

  /// "POST /v1/completions HTTP/1.1". The target must have come out of a `RequestHead`, or be made of characters that may
  /// stand in one.
  func appendRequestLine(_ method: HTTPMethod, target: Span<UInt8>) {
    append(method.name)
    append(UInt8.space)
    append(target)
    append(" HTTP/1.1\r\n")
  }

  func appendField(_ name: StaticString, _ value: StaticString) {
    append(name)
    append(": ")
    append(value)
    appendLineEnd()
  }

  func appendField(_ name: StaticString, _ value: Int) {
    append(name)
    append(": ")
    append(decimal: value)
    appendLineEnd()
  }

  /// A field whose name is a token; control characters in the value turn into spaces, so that it cannot end its line.
  func appendField(named name: String, _ value: String) {
    append(contentsOf: name)
    append(": ")
    append(sanitized: value)
    appendLineEnd()
  }

  private func append(sanitized value: String) {
    let start = count
    append(contentsOf: value)
    withMutableBytes { bytes in
      for index in start..<bytes.count where bytes[index] < .space || bytes[index] == 0x7F { bytes[index] = .space }
    }
  }

  /// Copies the fields of a head as they came, but for those of one connection only (RFC 9110, section 7.6.1) and those in
  /// `excluded`.
  /// - Parameters:
  ///   - head: the bytes that the fields lie in.
  ///   - end: the head's `byteCount`.
  func appendFields(
    _ fields: [HeaderField], of head: Span<UInt8>, end: Int, excluding excluded: KnownFieldSet
  ) {
    guard let first = fields.first else { return }
    let dropped = excluded.union(.hopByHop)
    // Neighbours that are both kept are copied in one go, with the line ends between them.
    var kept = Int(first.name.start)
    for index in fields.indices where fields[index].isNamedByConnection || dropped.contains(fields[index].known) {
      let lineStart = Int(fields[index].name.start)
      if kept < lineStart { append(head.extracting(kept..<lineStart)) }
      kept = index + 1 < fields.count ? Int(fields[index + 1].name.start) : end - 2
    }
    if kept < end - 2 { append(head.extracting(kept..<end - 2)) }
  }

  /// The field that tells how far the body reaches; none for a body that ends with the connection.
  func appendFraming(_ framing: BodyFraming) {
    switch framing {
    case .none: append("Content-Length: 0\r\n")
    case .length(let count):
      append("Content-Length: ")
      append(decimal: count)
      appendLineEnd()
    case .chunked: append("Transfer-Encoding: chunked\r\n")
    case .untilClose: break
    }
  }

  /// CR LF: ends a line, a chunk, or the head.
  func appendLineEnd() { append("\r\n") }

  /// The line before a chunk of `count` bytes, at least one; CR LF follows the chunk.
  func appendChunkSize(_ count: Int) {
    precondition(count > 0, "a chunk of no bytes would end the body")
    append(number: UInt(count), radix: 16)
    appendLineEnd()
  }

  /// What ends a chunked body.
  func appendLastChunk() { append("0\r\n\r\n") }

  func append(decimal number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    append(number: number.magnitude, radix: 10)
  }

  private func append(number: UInt, radix: UInt) {
    // 64 bits have at most 20 decimal digits.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var start = digits.count
    var rest = number
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest % radix)
      start -= 1
      digits[start] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      rest /= radix
    } while rest > 0
    append(digits.span.extracting(start...))
  }
}
