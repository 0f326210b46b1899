import Glibc
import HTTP

/// A TCP connection that sends and receives bytes as they are, for what a client that wants whole answers can't see.
struct RawConnection {
  private let descriptor: AsyncDescriptor

  init(to address: SocketAddress, on loop: EventLoop) async throws {
    let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var peer = sockaddr_in()
    peer.sin_family = sa_family_t(AF_INET)
    peer.sin_port = address.port.bigEndian
    peer.sin_addr.s_addr = unsafe inet_addr(address.host)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafePointer(to: &peer) { pointer in
      // Every kind of socket address may be looked at as the general one.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(socket, $0, length) }
    }
    guard code == 0 else { throw SystemFailure("connect") }
    descriptor = try await AsyncDescriptor(socket, on: loop)
  }

  func send(_ text: String) async throws { try await descriptor.write(Array(text.utf8)) }

  func read(until end: String) async throws -> String { try await descriptor.text(until: end) }

  func close() { descriptor.close() }
}
