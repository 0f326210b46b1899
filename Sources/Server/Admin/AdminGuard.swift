internal import Core
internal import HTTP

/// Who may use the admin routes: whoever holds the token, and no web page that a browser happens to show.
struct AdminGuard: Sendable {
  /// nil: no token is asked for; the configuration allows that on loopback addresses only.
  let token: String?
  /// Whether the listener is bound to a loopback address, so that only names of this machine can be meant.
  let isLoopback: Bool

  /// - Throws: 401 without the token; 403 for a foreign Host (DNS rebinding) or Origin; 415 for a body that a web page
  ///   could have sent unasked.
  func admit(_ exchange: Exchange) throws(APIError) {
    if let host = exchange.field(.host), isLoopback, !Self.isLocal(host) {
      throw APIError(status: 403, code: .badOrigin, message: "found Host \(host.prefix(200)), expected this machine")
    }
    if let origin = exchange.field(.origin), !isOwn(origin, host: exchange.field(.host)) {
      throw APIError(status: 403, code: .badOrigin, message: "found Origin \(origin.prefix(200)), expected none")
    }
    if let token, !Self.equal(exchange.field(.authorization) ?? "", "Bearer \(token)") {
      throw APIError(
        status: 401, code: .invalidToken, message: "expected Authorization: Bearer with the admin token",
        fields: [("WWW-Authenticate", "Bearer")])
    }
    if exchange.method == .post, exchange.hasBody, let type = exchange.field(.contentType), !Self.isJSON(type) {
      throw APIError(
        status: 415, code: .unsupportedMediaType,
        message: "found Content-Type \(type.prefix(200)), expected application/json")
    }
  }

  private func isOwn(_ origin: String, host: String?) -> Bool {
    guard let host else { return false }
    return origin == "http://\(host)" || origin == "https://\(host)"
  }

  /// Whether a Host field names this machine by a loopback name or address.
  static func isLocal(_ host: String) -> Bool {
    let host = host.lowercased()
    let name: Substring
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return false }
      name = host[host.index(after: host.startIndex)..<end]
    } else {
      name = host.prefix { $0 != ":" }
    }
    if name == "localhost" || name == "::1" { return true }
    let octets = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return octets.count == 4 && octets.allSatisfy { $0 != nil } && octets.first == .some(127)
  }

  private static func isJSON(_ type: String) -> Bool {
    let essence = type.prefix { $0 != ";" }.trimmingSpaces().lowercased()
    return essence == "application/json" || essence.hasSuffix("+json")
  }

  /// Compares without giving away, by the time it takes, how much of a guess is right.
  private static func equal(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var difference = UInt8(left.count == right.count ? 0 : 1)
    for index in right.indices { difference |= right[index] ^ (index < left.count ? left[index] : 0) }
    return difference == 0
  }
}

extension Substring {
  fileprivate func trimmingSpaces() -> Substring {
    var text = self
    while text.last == " " || text.last == "\t" { text.removeLast() }
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    return text
  }
}
