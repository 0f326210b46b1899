internal import Foundation

/// A port of 127.0.0.1 where connections are neither taken on nor refused, as on a machine that has stopped: its queue is
/// full, so that the system drops whoever knocks.
package final class DeafListener: Sendable {
  package let port: UInt16
  private let listener: Int32
  private let guest: Int32

  /// - Throws: when there is no such port to be had.
  package init() throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let (listener, guest) = (socket(AF_INET, type, 0), socket(AF_INET, type, 0))
    (self.listener, self.guest) = (listener, guest)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isFull = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        // A queue of no length has room for one.
        unsafe bind(listener, address, length) == 0 && listen(listener, 0) == 0
          && getsockname(listener, address, &length) == 0 && connect(guest, address, length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard isFull else { throw POSIXError(.EADDRNOTAVAIL) }
  }

  deinit {
    close(guest)
    close(listener)
  }

  /// Whether somebody waits to be connected just now (proc_pid_net(5); 02 is SYN_SENT).
  package var isKnockedAt: Bool {
    // A String of the file's contents would be of its first page alone.
    let connections = try? FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd()
    let knock = String(format: "0100007F:%04X 02", Int(port))
    return connections?.range(of: Data(knock.utf8)) != nil
  }

  /// From now on whoever knocks, or knocks again, is refused; a second after the first time they do.
  package func leave() { shutdown(listener, Int32(SHUT_RDWR)) }
}
