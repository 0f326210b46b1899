/// Why bytes are not an HTTP/1.1 message that we take. Nothing that follows them on the connection can be trusted.
///
/// Of a request: what to answer before closing. Of an upstream's response: always 502.
package struct WireFault: Error, Hashable, Sendable, CustomStringConvertible {
  package let status: Int
  package let code: String
  /// Names the part of the message, what was found and what was expected; never holds the peer's own bytes.
  package let message: String

  package var description: String { "\(status) \(code): \(message)" }

  init(status: Int, code: String, message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  /// Against the grammar, or open to two readings.
  @inline(never) static func malformed(_ message: String) -> WireFault {
    WireFault(status: 400, code: "bad_request", message: message)
  }

  @inline(never) static func headTooLarge(_ message: String) -> WireFault {
    WireFault(status: 431, code: "header_too_large", message: message)
  }

  @inline(never) static func bodyTooLarge(limitBytes: Int) -> WireFault {
    WireFault(status: 413, code: "body_too_large", message: "the request body exceeds \(limitBytes) bytes")
  }

  /// The same fault, found in what a model server sent.
  var ofUpstream: WireFault {
    let message = "the model server's response is malformed: \(message)"
    return WireFault(status: 502, code: "upstream_unavailable", message: message)
  }

  /// "0x0A": how a message names a byte.
  static func hex(_ byte: UInt8) -> String {
    "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
