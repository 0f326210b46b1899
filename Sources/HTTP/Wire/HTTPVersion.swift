/// The version of a message, of which only HTTP/1.0 and HTTP/1.1 are understood (RFC 9112, section 2.3).
enum HTTPVersion {
  /// How long "HTTP/1.1" is.
  static let byteCount = 8

  /// The minor version that stands at `index`, where at least eight bytes are left.
  /// - Throws: 505 for another version, 400 for what is none.
  @inline(__always)
  static func minor(in bytes: Span<UInt8>, at index: Int) throws(WireFault) -> UInt8 {
    let text = bytes.extracting(index..<index &+ byteCount)
    if text.equals("HTTP/1.1") { return 1 }
    if text.equals("HTTP/1.0") { return 0 }
    throw fault(text)
  }

  @inline(never) private static func fault(_ text: Span<UInt8>) -> WireFault {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard text.extracting(first: 5).equals("HTTP/"), text[6] == UInt8(ascii: "."), digits ~= text[5], digits ~= text[7]
    else { return .malformed("the request line does not end with a version, expected HTTP/1.1") }
    return WireFault(
      status: 505, code: "http_version_not_supported", message: "the HTTP version is not supported, expected HTTP/1.1")
  }
}
