internal import HTTP

/// An address that the daemon listens on, and who asked for it.
struct Listener {
  let address: SocketAddress
  /// Its key; empty when it does not stand in the file.
  let path: String
  /// Nil, too, for the address that is listened on when nobody says anything.
  let position: TextPosition?
  /// The flag or the variable that asked for it; nil for the file.
  let source: String?

  /// Reads the address under `key`, or llmux's port alone under `port`. What overrides the file takes its place, but does
  /// not excuse what is wrong there.
  /// - Parameter standard: what is listened on when nobody says anything.
  init?(
    _ key: String, port: String, overridden: Overrides.Setting?, standard: String? = nil,
    _ object: inout ConfigObject
  ) {
    let addressValue = object.take(key)
    let portValue = object.take(port)
    if let addressValue { portValue?.fault("found beside \(addressValue.path), expected one of the two") }
    let configured = addressValue.map { $0.listenAddress() } ?? portValue?.loopbackPort()
    if let overridden {
      guard let address = try? SocketAddress(overridden.value) else {
        object.value.findings.fault(
          "found \"\(overridden.value)\", expected HOST:PORT", path: "", at: nil, source: overridden.source)
        return nil
      }
      self.init(address: address, path: "", position: nil, source: overridden.source)
    } else if let value = addressValue ?? portValue {
      guard let configured else { return nil }
      self.init(address: configured, path: value.path, position: value.json.position, source: nil)
    } else {
      guard let address = standard.flatMap({ try? SocketAddress($0) }) else { return nil }
      self.init(address: address, path: key, position: nil, source: nil)
    }
  }

  /// Reads a port of this machine's own address, of which 0 means none.
  init?(port key: String, _ object: inout ConfigObject) {
    guard let value = object.take(key), let address = value.loopbackPort(), address.port > 0 else { return nil }
    self.init(address: address, path: value.path, position: value.json.position, source: nil)
  }

  private init(address: SocketAddress, path: String, position: TextPosition?, source: String?) {
    self.address = address
    self.path = path
    self.position = position
    self.source = source
  }

  /// Port 0 claims nothing: whichever port it becomes will be free.
  func claimPort(_ ports: inout Claims<UInt16>) {
    if address.port > 0 { ports.claim(address.port, path: path, at: position, source: source) }
  }
}

extension ConfigValue {
  fileprivate func listenAddress() -> SocketAddress? {
    let expected = "HOST:PORT"
    guard let text = string(expected: expected) else { return nil }
    if let address = try? SocketAddress(text) { return address }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }

  fileprivate func loopbackPort() -> SocketAddress? {
    integer(in: 0...65_535).flatMap { try? SocketAddress("127.0.0.1:\($0)") }
  }
}
