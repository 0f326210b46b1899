/// Parses the response heads of one request (RFC 9112, sections 4 to 6) from bytes that may come in any pieces.
///
/// An interim response (1xx) is a head like any other: the caller goes on with the same parser and the bytes behind it.
struct ResponseParser {
  private enum Phase { case status, fields }

  private let limits: HeadLimits
  private let requestMethod: HTTPMethod
  private var phase = Phase.status
  private var lines = LineScanner()
  private var section = FieldSection()

  /// - Parameter requestMethod: of the request that is answered; a response to HEAD has no body whatever it says.
  init(limits: HeadLimits = HeadLimits(), requestMethod: HTTPMethod) {
    self.limits = limits
    self.requestMethod = requestMethod
  }

  /// Reads as much of a head as there is.
  /// - Parameters:
  ///   - bytes: all that has come since the head began; a later call passes the same bytes and those that came since.
  ///   - head: filled in step by step, so a later call for the same head passes it back untouched; whole when the answer
  ///     is true. Its field storage serves again for the next head.
  /// - Returns: whether the head is whole; if so, the parser is ready for the next.
  /// - Throws: a fault with status 502; the parser is of no further use.
  mutating func parse(_ bytes: Span<UInt8>, into head: inout ResponseHead) throws(WireFault) -> Bool {
    do throws(WireFault) {
      return try parseHead(bytes, into: &head)
    } catch {
      throw error.ofUpstream
    }
  }

  private mutating func parseHead(_ bytes: Span<UInt8>, into head: inout ResponseHead) throws(WireFault) -> Bool {
    if phase == .status {
      guard try parseStatusLine(bytes, into: &head) else { return false }
      head.fields.removeLast(head.fields.count)
      section = FieldSection(minorVersion: head.minorVersion)
      phase = .fields
    }
    guard try section.parse(bytes, lines: &lines, into: &head.fields, limits: limits) else { return false }
    head.byteCount = lines.lineStart
    finish(&head, bytes)
    phase = .status
    lines = LineScanner()
    return true
  }

  /// Reads "HTTP/1.1 200 OK", where the reason may be empty and its space lack.
  private mutating func parseStatusLine(
    _ bytes: Span<UInt8>, into head: inout ResponseHead
  ) throws(WireFault) -> Bool {
    guard bytes.count >= HTTPVersion.byteCount else { return false }
    head.minorVersion = try HTTPVersion.minor(in: bytes, at: 0)
    guard let line = try lines.next(in: bytes.extracting(first: limits.headBytes)) else {
      guard bytes.count < limits.headBytes else {
        throw .headTooLarge("the head is larger than \(limits.headBytes) bytes")
      }
      return false
    }
    let code = HTTPVersion.byteCount &+ 1
    guard line.count >= code + 3, bytes[HTTPVersion.byteCount] == .space,
      line.count == code + 3 || bytes[code + 3] == .space,
      let status = bytes.decimal(in: code..<code + 3), 100...599 ~= status
    else { throw .malformed("the status line has no status from 100 to 599") }
    head.status = status
    head.reason = HeadSlice(min(code + 4, line.upperBound)..<line.upperBound)
    return true
  }

  /// RFC 9112, sections 6.3 and 9.3.
  private func finish(_ head: inout ResponseHead, _ bytes: Span<UInt8>) {
    head.framing =
      if requestMethod == .head || head.status < 200 || head.status == 204 || head.status == 304 {
        .none
      } else if section.isChunked {
        .chunked
      } else if let length = section.contentLength {
        length == 0 ? .none : .length(length)
      } else {
        .untilClose
      }
    head.keepAlive = section.keepAlive && head.framing != .untilClose && head.status != 101
    let contentType = head.fields.value(of: .contentType)
    head.isEventStream = contentType.map { Self.isMediaType("text/event-stream", $0, in: bytes) } ?? false
    head.isJSON = contentType.map { Self.isMediaType("application/json", $0, in: bytes) } ?? false
  }

  /// Whether a Content-Type names this type, with parameters or without.
  private static func isMediaType(_ name: StaticString, _ contentType: HeadSlice, in bytes: Span<UInt8>) -> Bool {
    let value = bytes.extracting(contentType.range)
    let count = name.utf8CodeUnitCount
    guard value.count >= count, value.extracting(first: count).equalsIgnoringCase(name) else { return false }
    return value.count == count || value[count] == UInt8(ascii: ";") || value[count].isBlank
  }
}
