/// The forms of a request target (RFC 9112, section 3.2): origin form, absolute form, and the asterisk of OPTIONS.
enum RequestTarget {
  /// Splits a target into what the head tells of it.
  /// - Throws: 400 for a character that no target may hold, and for any other form.
  static func parse(_ target: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead) throws(WireFault) {
    head.target = HeadSlice(target)
    head.authority = .empty
    head.query = nil
    var pathStart = target.lowerBound
    if bytes[pathStart] != UInt8(ascii: "/") {
      if bytes[pathStart] == UInt8(ascii: "*"), target.count == 1, head.method == .options {
        head.path = head.target
        return
      }
      pathStart = try parseOrigin(target, of: bytes, into: &head)
    }
    let pathEnd = try endOfCharacters(in: pathStart..<target.upperBound, of: bytes)
    head.path = HeadSlice(pathStart..<pathEnd)
    guard pathEnd < target.upperBound else { return }
    var queryEnd = pathEnd
    repeat {
      queryEnd = try endOfCharacters(in: queryEnd &+ 1..<target.upperBound, of: bytes)
    } while queryEnd < target.upperBound
    head.query = HeadSlice(pathEnd &+ 1..<target.upperBound)
  }

  /// Where the first question mark stands, or the range ends, behind which a space stands.
  @inline(__always)
  private static func endOfCharacters(in range: Range<Int>, of bytes: Span<UInt8>) throws(WireFault) -> Int {
    let end = bytes.first(
      from: range.lowerBound,
      where: { !ByteClass.target.contains($0) },
      among: { vector in
        let isOutside = (vector .<= .init(repeating: 0x20)) .| (vector .>= .init(repeating: 0x7F))
        let isQuote = Self.holds(vector, "\"") .| Self.holds(vector, "\\")
        let isAngle = Self.holds(vector, "<") .| Self.holds(vector, ">")
        let isEnd = Self.holds(vector, "?") .| Self.holds(vector, "#")
        return isOutside .| isQuote .| isAngle .| isEnd
      })
    guard end == range.upperBound || bytes[end] == UInt8(ascii: "?") else { throw characterFault(bytes[end]) }
    return end
  }

  @inline(__always)
  private static func holds(_ vector: Span<UInt8>.Vector, _ character: Unicode.Scalar) -> Span<UInt8>.Mask {
    vector .== Span<UInt8>.Vector(repeating: UInt8(ascii: character))
  }

  /// Checks `uri-host [ ":" port ]`, with a host that is not empty (RFC 9110, sections 4.2.1 and 7.2). No user
  /// information.
  static func checkAuthority(_ range: Range<Int>, of bytes: Span<UInt8>) throws(WireFault) {
    let hostEnd = try endOfHost(range, of: bytes)
    guard hostEnd < range.upperBound else { return }
    let port = hostEnd &+ 1..<range.upperBound
    guard bytes[hostEnd] == UInt8(ascii: ":"), port.isEmpty || (bytes.decimal(in: port) ?? .max) <= 65_535 else {
      throw authorityFault
    }
  }

  private static func endOfHost(_ range: Range<Int>, of bytes: Span<UInt8>) throws(WireFault) -> Int {
    guard !range.isEmpty else { throw authorityFault }
    let isBracketed = bytes[range.lowerBound] == UInt8(ascii: "[")
    let start = isBracketed ? range.lowerBound &+ 1 : range.lowerBound
    let allowed = isBracketed ? ByteClass.ipv6Address : ByteClass.hostName
    var end = start
    while end < range.upperBound, allowed.contains(bytes[end]) { end &+= 1 }
    guard end > start else { throw authorityFault }
    guard isBracketed else { return end }
    guard end < range.upperBound, bytes[end] == UInt8(ascii: "]") else { throw authorityFault }
    return end &+ 1
  }

  /// Reads "http://host:port" and tells where the path begins, or would begin.
  private static func parseOrigin(
    _ target: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead
  ) throws(WireFault) -> Int {
    let text = bytes.extracting(target)
    let schemeCount =
      text.count > 7 && text.extracting(first: 7).equalsIgnoringCase("http://")
      ? 7 : text.count > 8 && text.extracting(first: 8).equalsIgnoringCase("https://") ? 8 : 0
    guard schemeCount > 0 else {
      throw .malformed("the request target is neither a path nor an http URL")
    }
    let start = target.lowerBound &+ schemeCount
    var end = start
    while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end &+= 1 }
    try checkAuthority(start..<end, of: bytes)
    head.authority = HeadSlice(start..<end)
    return end
  }

  private static var authorityFault: WireFault {
    .malformed("the request's host is not a host with an optional port")
  }

  @inline(never) private static func characterFault(_ byte: UInt8) -> WireFault {
    .malformed("the request target holds the character \(WireFault.hex(byte)), which must be percent-encoded")
  }
}
