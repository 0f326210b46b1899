/// A set of ASCII characters, as two words of bits; no byte above 0x7F is ever a member.
struct ByteClass: Sendable {
  let low: UInt64
  let high: UInt64

  @inline(__always) func contains(_ byte: UInt8) -> Bool {
    let word = byte < 64 ? low : high
    return byte < 128 && (word >> UInt64(byte & 63)) & 1 == 1
  }

  /// `tchar`: what methods, field names and other tokens are made of (RFC 9110, section 5.6.2).
  static var token: ByteClass { ByteClass(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

  /// What a request target may hold beside the question mark. Wider than RFC 3986 by ``^`{|}``, which browsers leave bare; not `"<>\` and not `#`,
  /// which servers read each in their own way.
  static var target: ByteClass { ByteClass(low: 0x2FFF_FFF2_0000_0000, high: 0x7FFF_FFFF_EFFF_FFFF) }

  /// `reg-name`, which covers IPv4 addresses too (RFC 3986, section 3.2.2).
  static var hostName: ByteClass { ByteClass(low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

  /// What stands between the brackets of an IPv6 address (RFC 3986, section 3.2.2); zones are not for the wire.
  static var ipv6Address: ByteClass { ByteClass(low: 0x07FF_4000_0000_0000, high: 0x0000_007E_0000_007E) }
}
