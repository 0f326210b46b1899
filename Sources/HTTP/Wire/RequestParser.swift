/// Parses request heads (RFC 9112, sections 2 to 6), one after another, from bytes that may come in any pieces.
///
/// It refuses whatever two servers could read in two ways, and does so at the first byte that shows it.
struct RequestParser {
  private enum Phase { case start, method, target, fields }

  private let limits: HeadLimits
  private var phase = Phase.start
  private var lines = LineScanner()
  private var section = FieldSection()

  init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

  /// Reads as much of a head as there is.
  /// - Parameters:
  ///   - bytes: all that has come since the head began; a later call passes the same bytes and those that came since.
  ///   - head: filled in step by step, so a later call for the same head passes it back untouched; whole when the answer
  ///     is true. Its field storage serves again for the next head.
  /// - Returns: whether the head is whole; if so, the parser is ready for the next.
  /// - Throws: what to answer before closing; the parser is of no further use.
  mutating func parse(_ bytes: Span<UInt8>, into head: inout RequestHead) throws(WireFault) -> Bool {
    if phase == .start {
      guard let start = try startOfLine(in: bytes) else { return false }
      lines.startLine(at: start)
      head.fields.removeLast(head.fields.count)
      phase = .method
    }
    if phase == .method {
      guard let method = try parseMethod(bytes) else { return false }
      head.method = method
      phase = .target
    }
    if phase == .target {
      guard try parseTarget(bytes, into: &head) else { return false }
      section = FieldSection(minorVersion: head.minorVersion)
      phase = .fields
    }
    guard try section.parse(bytes, lines: &lines, into: &head.fields, limits: limits) else { return false }
    head.byteCount = lines.lineStart
    try finish(&head, bytes)
    phase = .start
    return true
  }

  /// One empty line before the request is overlooked, more are not (RFC 9112, section 2.2).
  private func startOfLine(in bytes: Span<UInt8>) throws(WireFault) -> Int? {
    guard bytes.count > 0 else { return nil }
    guard bytes[0] == .carriageReturn else { return 0 }
    guard bytes.count > 1 else { return nil }
    guard bytes[1] == .lineFeed else { throw .malformed("the request begins with a bare carriage return") }
    return 2
  }

  private mutating func parseMethod(_ bytes: Span<UInt8>) throws(WireFault) -> HTTPMethod? {
    let start = lines.lineStart
    var end = start
    while end < bytes.count, ByteClass.token.contains(bytes[end]) {
      guard end &- start < HTTPMethod.longestName else { throw Self.unknownMethod }
      end &+= 1
    }
    guard end < bytes.count else { return nil }
    guard bytes[end] == .space, end > start else {
      throw .malformed("the request's method holds the character \(WireFault.hex(bytes[end]))")
    }
    guard let method = HTTPMethod(bytes.extracting(start..<end)) else { throw Self.unknownMethod }
    return method
  }

  /// Reads the rest of the request line: the target, a space, "HTTP/1.1".
  private mutating func parseTarget(_ bytes: Span<UInt8>, into head: inout RequestHead) throws(WireFault) -> Bool {
    let start = lines.lineStart &+ head.method.name.utf8CodeUnitCount &+ 1
    let longest = start &+ limits.targetBytes &+ Self.versionBytes &+ 2
    guard let line = try lines.next(in: bytes.extracting(first: longest)) else {
      guard bytes.count < longest else { throw targetTooLong }
      return false
    }
    let versionStart = line.upperBound &- Self.versionBytes
    guard versionStart >= start else { throw .malformed("the request line has no HTTP version") }
    head.minorVersion = try HTTPVersion.minor(in: bytes, at: versionStart &+ 1)
    let target = start..<versionStart
    guard bytes[versionStart] == .space, !target.isEmpty else {
      throw .malformed("the request line is not a method, a target and a version with one space between each")
    }
    guard target.count <= limits.targetBytes else { throw targetTooLong }
    try RequestTarget.parse(target, of: bytes, into: &head)
    return true
  }

  /// What can be told only once all fields are known.
  private func finish(_ head: inout RequestHead, _ bytes: Span<UInt8>) throws(WireFault) {
    guard section.hostCount <= 1 else { throw .malformed("the request has more than one Host") }
    if let host = head.fields.value(of: .host) {
      try RequestTarget.checkAuthority(host.range, of: bytes)
      if head.authority.isEmpty { head.authority = host }
    } else if head.minorVersion >= 1 {
      throw .malformed("the request has no Host")
    }
    guard section.expectation != .unknown else {
      throw WireFault(
        status: 417, code: "expectation_failed", message: "Expect is not understood, expected 100-continue")
    }
    head.framing = section.isChunked ? .chunked : section.contentLength.map(BodyFraming.init(length:)) ?? .none
    head.keepAlive = section.keepAlive
    head.upgrade = section.upgrade
    head.expectsContinue = section.expectation == .continuation && head.minorVersion >= 1 && head.framing != .none
  }

  /// A space and "HTTP/1.1".
  private static let versionBytes = 9

  private static var unknownMethod: WireFault {
    WireFault(status: 501, code: "not_implemented", message: "the request's method is not supported")
  }

  private var targetTooLong: WireFault {
    WireFault(
      status: 414, code: "uri_too_long", message: "the request target is longer than \(limits.targetBytes) bytes")
  }
}

extension BodyFraming {
  /// So many bytes, or none.
  fileprivate init(length: Int) { self = length == 0 ? .none : .length(length) }
}
