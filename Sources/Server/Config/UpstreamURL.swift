internal import Core

extension Upstream {
  /// Reads the address of a model server: `http://HOST[:PORT][/PATH]`, or the same with https.
  init?(url: String, modelName: String?) {
    let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let scheme = WebAccess.Scheme(rawValue: parts[0].lowercased()) else { return nil }
    let rest = parts[1]
    let authority = rest.prefix { $0 != "/" }
    var path = rest[authority.endIndex...]
    while path.hasSuffix("/") { path.removeLast() }
    guard !path.contains("?"), !path.contains("#"), !path.contains(" ") else { return nil }
    let colon = authority.hasSuffix("]") ? nil : authority.lastIndex(of: ":")
    let port = colon.map { Self.port(authority[authority.index(after: $0)...]) } ?? (scheme == .https ? 443 : 80)
    guard let port, let host = Self.host(authority[..<(colon ?? authority.endIndex)]) else { return nil }
    self.init(
      origin: Origin(host: host, port: port), basePath: String(path), modelName: modelName,
      web: scheme == .https ? WebAccess(scheme: .https) : nil)
  }

  private static func port(_ text: Substring) -> UInt16? {
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    return isNumber ? UInt16(text).flatMap { $0 > 0 ? $0 : nil } : nil
  }

  /// A name or an address, the latter without the brackets that IPv6 addresses bear in URLs.
  private static func host(_ text: Substring) -> String? {
    if text.hasPrefix("["), text.hasSuffix("]"), text.contains(":") { return String(text.dropFirst().dropLast()) }
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/?#@:[]".utf8.contains($0) }
    return isPlain && !text.isEmpty ? String(text) : nil
  }
}

extension ConfigValue {
  /// The address of a model server.
  func upstream(modelName: String?) -> Upstream? {
    let expected = "http://HOST[:PORT][/PATH], or the same with https"
    guard let text = string(expected: expected) else { return nil }
    if let upstream = Upstream(url: text, modelName: modelName) { return upstream }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }
}
