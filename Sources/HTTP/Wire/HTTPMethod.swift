/// The request methods that are understood (RFC 9110, section 9.3; RFC 5789).
///
/// CONNECT and TRACE are left out: the one asks for a forward proxy, the other echoes credentials. Like every method that
/// is not here they are answered with 501.
package enum HTTPMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case options = "OPTIONS"

  static let longestName = 7

  /// The method that `name` spells, case and all; nil for one that is not understood.
  init?(_ name: Span<UInt8>) {
    guard !name.isEmpty else { return nil }
    let candidate: HTTPMethod
    let spelling: StaticString
    switch (name.count, name[0]) {
    case (3, UInt8(ascii: "G")): (candidate, spelling) = (.get, "GET")
    case (4, UInt8(ascii: "P")): (candidate, spelling) = (.post, "POST")
    case (4, UInt8(ascii: "H")): (candidate, spelling) = (.head, "HEAD")
    case (3, UInt8(ascii: "P")): (candidate, spelling) = (.put, "PUT")
    case (5, UInt8(ascii: "P")): (candidate, spelling) = (.patch, "PATCH")
    case (6, UInt8(ascii: "D")): (candidate, spelling) = (.delete, "DELETE")
    case (7, UInt8(ascii: "O")): (candidate, spelling) = (.options, "OPTIONS")
    default: return nil
    }
    guard name.equals(spelling) else { return nil }
    self = candidate
  }
}
