internal import Glibc
internal import Synchronization

/// Finds ports for the models that have none of their own. A model keeps its port for as long as the program runs, so that
/// reading the configuration again leaves an unchanged model as it is.
final class FreePorts: Sendable {
  private let ports = Mutex<[String: UInt16]>([:])

  /// The port of the model `name`; nil when the system has none to give.
  func port(for name: String) -> UInt16? {
    ports.withLock { ports in
      if let port = ports[name] { return port }
      // What one model was given another may be offered again while the first has not started yet.
      for _ in 0..<100 {
        guard let port = Self.freePort() else { return nil }
        if ports.values.contains(port) { continue }
        ports[name] = port
        return port
      }
      return nil
    }
  }

  /// Below those that the system gives to connections by itself (32768 on), so that none of them, of which the daemon makes
  /// many, takes a model's port while the model is stopped.
  private static let range: ClosedRange<UInt16> = 10_000...32_000

  /// A port that nobody listens on at 127.0.0.1 at this moment.
  private static func freePort() -> UInt16? {
    for _ in 0..<100 {
      let port = UInt16.random(in: range)
      if isFree(port) { return port }
    }
    return nil
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // A sockaddr_in is what bind expects for this family; it keeps the pointer no longer than it runs.
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, length) == 0 }
    }
  }
}
