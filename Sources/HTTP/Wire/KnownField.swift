/// The fields that this program treats in some way of their own, and `other` for the rest.
package enum KnownField: UInt8, Sendable, CaseIterable {
  case host, contentLength, transferEncoding, connection, keepAlive, te, trailer, upgrade, expect
  case proxyConnection, proxyAuthorization, proxyAuthenticate
  case contentType, contentEncoding, authorization, accept, acceptEncoding, userAgent, origin, cookie
  case date, server, retryAfter
  case xModel, xAPIKey, xRequestID, serverTiming
  case other

  /// The name in lower case; empty for `other`.
  @inline(__always) package var name: StaticString {
    switch self {
    case .host: "host"
    case .contentLength: "content-length"
    case .transferEncoding: "transfer-encoding"
    case .connection: "connection"
    case .keepAlive: "keep-alive"
    case .te: "te"
    case .trailer: "trailer"
    case .upgrade: "upgrade"
    case .expect: "expect"
    case .proxyConnection: "proxy-connection"
    case .proxyAuthorization: "proxy-authorization"
    case .proxyAuthenticate: "proxy-authenticate"
    case .contentType: "content-type"
    case .contentEncoding: "content-encoding"
    case .authorization: "authorization"
    case .accept: "accept"
    case .acceptEncoding: "accept-encoding"
    case .userAgent: "user-agent"
    case .origin: "origin"
    case .cookie: "cookie"
    case .date: "date"
    case .server: "server"
    case .retryAfter: "retry-after"
    case .xModel: "x-model"
    case .xAPIKey: "x-api-key"
    case .xRequestID: "x-request-id"
    case .serverTiming: "server-timing"
    case .other: ""
    }
  }

  /// Recognises a name, whatever its case, that is not empty and holds no control character; it need not be a token.
  @inline(__always) init(name: Span<UInt8>) {
    let candidate = KnownField.candidate(count: name.count, initial: name[0] | 0x20)
    self = candidate != .other && name.isFieldName(candidate.name) ? candidate : .other
  }

  /// The only field that a name of this length and first letter can be.
  @inline(__always) private static func candidate(count: Int, initial: UInt8) -> KnownField {
    switch (count, initial) {
    case (2, UInt8(ascii: "t")): .te
    case (4, UInt8(ascii: "h")): .host
    case (4, UInt8(ascii: "d")): .date
    case (6, UInt8(ascii: "a")): .accept
    case (6, UInt8(ascii: "e")): .expect
    case (6, UInt8(ascii: "o")): .origin
    case (6, UInt8(ascii: "c")): .cookie
    case (6, UInt8(ascii: "s")): .server
    case (7, UInt8(ascii: "t")): .trailer
    case (7, UInt8(ascii: "u")): .upgrade
    case (7, UInt8(ascii: "x")): .xModel
    case (9, UInt8(ascii: "x")): .xAPIKey
    case (10, UInt8(ascii: "c")): .connection
    case (10, UInt8(ascii: "k")): .keepAlive
    case (10, UInt8(ascii: "u")): .userAgent
    case (11, UInt8(ascii: "r")): .retryAfter
    case (12, UInt8(ascii: "c")): .contentType
    case (12, UInt8(ascii: "x")): .xRequestID
    case (13, UInt8(ascii: "a")): .authorization
    case (13, UInt8(ascii: "s")): .serverTiming
    case (14, UInt8(ascii: "c")): .contentLength
    case (15, UInt8(ascii: "a")): .acceptEncoding
    case (16, UInt8(ascii: "c")): .contentEncoding
    case (16, UInt8(ascii: "p")): .proxyConnection
    case (17, UInt8(ascii: "t")): .transferEncoding
    case (18, UInt8(ascii: "p")): .proxyAuthenticate
    case (19, UInt8(ascii: "p")): .proxyAuthorization
    default: .other
    }
  }
}

/// Some of the known fields.
package struct KnownFieldSet: Sendable, ExpressibleByArrayLiteral {
  private var bits: UInt64 = 0

  package init(arrayLiteral fields: KnownField...) {
    for field in fields { insert(field) }
  }

  private init(bits: UInt64) { self.bits = bits }

  package mutating func insert(_ field: KnownField) { bits |= 1 << UInt64(field.rawValue) }

  package func contains(_ field: KnownField) -> Bool { bits >> UInt64(field.rawValue) & 1 == 1 }

  package func union(_ other: KnownFieldSet) -> KnownFieldSet { KnownFieldSet(bits: bits | other.bits) }

  /// The fields that speak of one connection only, so that no proxy sends them on (RFC 9110, section 7.6.1).
  static let hopByHop: KnownFieldSet = [
    .connection, .keepAlive, .te, .trailer, .transferEncoding, .upgrade,
    .proxyConnection, .proxyAuthorization, .proxyAuthenticate,
  ]
}
