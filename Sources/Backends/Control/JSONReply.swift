internal import Core
internal import Foundation
internal import HTTP

extension ServerControl {
  /// Asks by GET and decodes the answer.
  /// - Throws: when there is none in time, its status is not 200, or it is not what was expected.
  func read<Value: Decodable>(
    _ path: String, as type: Value.Type, timeout: Duration
  ) async throws(RuntimeFailure) -> Value {
    let answer = try await order(.get, path, timeout: timeout)
    guard answer.status == 200, let value = try? JSONDecoder().decode(type, from: Data(answer.body.utf8)) else {
      throw RuntimeFailure("GET \(path) \(answer.description)")
    }
    return value
  }

  /// Sends one request and returns the answer, whatever its status.
  /// - Throws: when there is no whole answer within `timeout`.
  func order(
    _ method: ControlRequest.Method, _ endpoint: String, body: String? = nil, timeout: Duration
  ) async throws(RuntimeFailure) -> Answer {
    do {
      return try await ask(method, endpoint, body: body, timeout: timeout)
    } catch {
      throw RuntimeFailure(error)
    }
  }
}

/// The text as a JSON string (RFC 8259, section 7).
func jsonString(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\u{0}"..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: String(scalar)
    }
  }
  return "\"" + escaped.joined() + "\""
}
