internal import Core

extension Origin {
  /// Reads an address to listen on: `127.0.0.1:3000`, `[::1]:0`, `localhost:3000`, or `:3000` for every interface. Port 0
  /// is any free one.
  init?(listenAddress text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]),
      let host = Self.host(text[..<colon])
    else { return nil }
    self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
  }

  /// Whether only this machine can reach it.
  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  fileprivate static func port(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text)
  }

  /// A name or an address without the brackets that an IPv6 address bears here; empty where there is none.
  fileprivate static func host(_ text: Substring) -> String? {
    if text.hasPrefix("["), text.hasSuffix("]") {
      return text.contains(":") ? String(text.dropFirst().dropLast()) : nil
    }
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/?#@:[]".utf8.contains($0) }
    return isPlain ? String(text) : nil
  }
}

extension Upstream {
  /// Reads the address of a model server: `http://HOST[:PORT][/PATH]`.
  init?(url: String, modelName: String?) {
    guard url.lowercased().hasPrefix("http://") else { return nil }
    let rest = url.dropFirst("http://".count)
    let authority = rest.prefix { $0 != "/" }
    var path = rest[authority.endIndex...]
    while path.hasSuffix("/") { path.removeLast() }
    guard !path.contains("?"), !path.contains("#"), !path.contains(" ") else { return nil }
    let colon = authority.hasSuffix("]") ? nil : authority.lastIndex(of: ":")
    let port = colon.map { Origin.port(authority[authority.index(after: $0)...]) } ?? 80
    guard let port, port > 0, let host = Origin.host(authority[..<(colon ?? authority.endIndex)]), !host.isEmpty
    else { return nil }
    self.init(origin: Origin(host: host, port: port), basePath: String(path), modelName: modelName)
  }
}

extension ConfigValue {
  func listenAddress() -> Origin? {
    let expected = "HOST:PORT"
    guard let text = string(expected: expected) else { return nil }
    if let address = Origin(listenAddress: text) { return address }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }

  /// A port of this machine's own address, 0 for any free one.
  func loopbackPort() -> Origin? {
    integer(in: 0...65_535).map { Origin(host: "127.0.0.1", port: UInt16($0)) }
  }

  func upstream(modelName: String?) -> Upstream? {
    let expected = "http://HOST[:PORT][/PATH]"
    guard let text = string(expected: expected) else { return nil }
    if let upstream = Upstream(url: text, modelName: modelName) { return upstream }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }
}
