import Glibc
import HTTP
import Synchronization

@testable import Backends

/// A service whose every word a test speaks: one answer a connection, which is closed after it.
final class SpokenService: Sendable {
  private let port: UInt16
  private let heard = Mutex<[String]>([])

  var url: String { "http://127.0.0.1:\(port)" }
  /// The requests that have come, as they came.
  var requests: [String] { heard.withLock(\.self) }

  init(_ answers: String...) throws {
    let socket = try BoundSocket(listening: true)
    port = socket.port
    _ = startThread(name: "service") {
      for answer in answers {
        let connection = accept(socket.descriptor, nil, nil)
        let request = Self.read(from: connection)
        self.heard.withLock { $0.append(request) }
        _ = unsafe Array(answer.utf8).withUnsafeBytes {
          unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        close(connection)
      }
    }
  }

  /// A head, and a body of the length that it names.
  private static func read(from connection: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let head = text.firstRange(of: "\r\n\r\n") {
        let length = text.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
        if text[head.upperBound...].utf8.count >= length { return text }
      }
      let count = unsafe recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return text }
      bytes += buffer.prefix(count)
    }
  }
}
