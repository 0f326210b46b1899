internal import CLinux
internal import Glibc

/// Turns a host's name into its addresses without holding up an event loop.
enum Resolver {
  /// The addresses of `host` in the system's order of preference (getaddrinfo(3)); a numeric host is its own.
  static func addresses(of host: String, port: UInt16) async throws(ResolveFailure) -> [SocketAddress] {
    if let address = try? SocketAddress(host: host, port: port) { return [address] }
    let lookUp = LookUp(host: host, port: port)
    return try await lookUp.result().get()
  }
}

/// A name that could not be resolved, in the system's words.
struct ResolveFailure: Error, CustomStringConvertible {
  let description: String
}

/// One look-up on a thread of its own, since getaddrinfo(3) blocks and the pool of Swift's threads must not.
private final class LookUp: Sendable {
  private let host: String
  private let port: UInt16

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  func result() async -> Result<[SocketAddress], ResolveFailure> {
    await withCheckedContinuation { continuation in
      let failure = startThread(name: "resolver") { [self] in continuation.resume(returning: lookUp()) }
      if let failure { continuation.resume(returning: .failure(ResolveFailure(description: failure.description))) }
    }
  }

  private func lookUp() -> Result<[SocketAddress], ResolveFailure> {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      let reason = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
      return .failure(ResolveFailure(description: "\(host): \(reason.prefix(1).lowercased() + reason.dropFirst())"))
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      var storage = sockaddr_storage()
      unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        let size = unsafe min(Int(entry.ai_addrlen), bytes.count)
        unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: entry.ai_addr, count: size))
      }
      if let address = SocketAddress(storage), !addresses.contains(address) { addresses.append(address) }
      unsafe next = entry.ai_next
    }
    return .success(addresses)
  }
}
