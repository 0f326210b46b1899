/// The request methods that are understood (RFC 9110, section 9.3; RFC 5789).
///
/// CONNECT and TRACE are left out: the one asks for a forward proxy, the other echoes credentials. Like every method that
/// is not here they are answered with 501.
package enum HTTPMethod: Sendable, CaseIterable, CustomStringConvertible {
  case get, head, post, put, patch, delete, options

  /// As it stands in a request line.
  package var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    }
  }

  package var description: String { name.description }

  static let longestName = 7

  /// The method that `name` spells, case and all; nil for one that is not understood.
  init?(_ name: Span<UInt8>) {
    guard !name.isEmpty else { return nil }
    let candidate: HTTPMethod
    switch (name.count, name[0]) {
    case (3, UInt8(ascii: "G")): candidate = .get
    case (4, UInt8(ascii: "P")): candidate = .post
    case (4, UInt8(ascii: "H")): candidate = .head
    case (3, UInt8(ascii: "P")): candidate = .put
    case (5, UInt8(ascii: "P")): candidate = .patch
    case (6, UInt8(ascii: "D")): candidate = .delete
    case (7, UInt8(ascii: "O")): candidate = .options
    default: return nil
    }
    guard name.equals(candidate.name) else { return nil }
    self = candidate
  }
}
