internal import CLinux
internal import Glibc

/// A numeric IPv4 or IPv6 address with a TCP port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// Without brackets.
  package let host: String
  package let port: UInt16

  /// - Parameter host: a numeric address without brackets.
  /// - Throws: `AddressFault` when it is not.
  package init(host: String, port: UInt16) throws(AddressFault) {
    self.init(unchecked: host, port: port)
    var address = sockaddr_storage()
    var length = socklen_t(0)
    guard unsafe linux_parse_address(host, port, &address, &length) == 1 else { throw AddressFault(text: host) }
  }

  /// Reads `127.0.0.1:3000`, `[::1]:0`, `localhost:3000` (which means 127.0.0.1) or `:3000` (every IPv4 address).
  /// - Throws: `AddressFault` that names the text.
  package init(_ text: String) throws(AddressFault) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw AddressFault(text: text)
    }
    var host = String(text[..<colon])
    switch host {
    case "": host = "0.0.0.0"
    case "localhost": host = "127.0.0.1"
    case _ where host.hasPrefix("[") && host.hasSuffix("]"):
      host = String(host.dropFirst().dropLast())
      guard host.contains(":") else { throw AddressFault(text: text) }
    case _ where host.contains(":"): throw AddressFault(text: text)
    default: break
    }
    do { try self.init(host: host, port: port) } catch { throw AddressFault(text: text) }
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

  func with(port: UInt16) -> SocketAddress { SocketAddress(unchecked: host, port: port) }

  /// Reads the address that a system call has written.
  init?(_ address: sockaddr_storage) {
    var address = address
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard unsafe linux_format_address(&address, &text, text.count) == 0 else { return nil }
    let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.init(unchecked: host, port: unsafe linux_address_port(&address))
  }

  /// Lends the address in the form that bind(2) and connect(2) take.
  func withKernelAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_storage()
    var length = socklen_t(0)
    _ = unsafe linux_parse_address(host, port, &address, &length)
    return unsafe withUnsafePointer(to: &address) { pointer in
      // Every kind of socket address may be looked at as the general one; its length tells which it is.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  private init(unchecked host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

/// A text that is no socket address.
package struct AddressFault: Error, Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package var description: String {
    "\"\(text)\" is no address: expected HOST:PORT, as in 127.0.0.1:3000, [::1]:3000 or :3000"
  }
}
