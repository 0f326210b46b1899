internal import CLinux
internal import Core
internal import Glibc

/// The system calls that make TCP sockets: listening ones and connected ones.
enum TCP {
  /// A listening socket bound to `address`.
  ///
  /// Of the sockets that share an address the first is bound alone, so that a stranger's is noticed, and only then allows
  /// others beside it (socket(7), SO_REUSEPORT); the `others` join it.
  static func listen(at address: SocketAddress, joining others: Bool) throws(SystemFailure) -> CInt {
    let socket = linux_tcp_socket(address.host.contains(":") ? AF_INET6 : AF_INET)
    guard socket >= 0 else { throw SystemFailure("socket") }
    do throws(SystemFailure) {
      try set(socket, SOL_SOCKET, SO_REUSEADDR)
      if others { try set(socket, SOL_SOCKET, SO_REUSEPORT) }
      guard unsafe address.withKernelAddress({ unsafe bind(socket, $0, $1) }) == 0 else { throw SystemFailure("bind") }
      if !others { try set(socket, SOL_SOCKET, SO_REUSEPORT) }
      guard Glibc.listen(socket, 4096) == 0 else { throw SystemFailure("listen") }
      return socket
    } catch {
      _ = Glibc.close(socket)
      throw error
    }
  }

  /// Begins to connect; the socket turns writable when that has come to an end.
  static func connect(to address: SocketAddress) throws(SystemFailure) -> CInt {
    let socket = linux_tcp_socket(address.host.contains(":") ? AF_INET6 : AF_INET)
    guard socket >= 0 else { throw SystemFailure("socket") }
    let code = unsafe address.withKernelAddress { unsafe Glibc.connect(socket, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else {
      let failure = SystemFailure("connect")
      _ = Glibc.close(socket)
      throw failure
    }
    sendAtOnce(socket)
    return socket
  }

  /// How a connect that was begun has ended; nil is success.
  static func connectFailure(_ socket: CInt) -> SystemFailure? {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    guard unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
      return SystemFailure("getsockopt")
    }
    return code == 0 ? nil : SystemFailure("connect", code: code)
  }

  /// Keeps small writes from waiting for the acknowledgement of earlier ones (tcp(7), TCP_NODELAY).
  static func sendAtOnce(_ socket: CInt) {
    // It fails only on a connection that is broken already, which the next read shows.
    try? set(socket, CInt(IPPROTO_TCP), TCP_NODELAY)
  }

  static func localAddress(_ socket: CInt) -> SocketAddress? { unsafe address(of: socket, getsockname) }

  static func peerAddress(_ socket: CInt) -> SocketAddress? { unsafe address(of: socket, getpeername) }

  private typealias NameCall = (CInt, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> CInt

  private static func address(of socket: CInt, _ call: NameCall) -> SocketAddress? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      // Every kind of socket address may be looked at as the general one.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call(socket, $0, &length) }
    }
    return code == 0 ? SocketAddress(address) : nil
  }

  private static func set(_ socket: CInt, _ level: CInt, _ option: CInt) throws(SystemFailure) {
    var on: CInt = 1
    guard unsafe setsockopt(socket, level, option, &on, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
      throw SystemFailure("setsockopt")
    }
  }
}
