internal import Foundation
internal import HTTP

/// A value as JSON text: members in snake case and in a stable order, slashes as they are.
func json(_ value: some Encodable) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  // Encoding fails on what JSON can't express, such as infinity; no value that is answered with has any of it.
  guard let data = try? encoder.encode(value) else { return Array("{}".utf8) }
  return Array(data)
}

extension Exchange {
  /// Answers with a value as JSON.
  func respondJSON(_ value: some Encodable, status: Int = 200) async throws(ExchangeFailure) {
    try await respond(status: status, body: json(value))
  }

  /// Answers with a value whose members are in order, and null where they have no value.
  func respond(_ value: JSONValue, status: Int = 200) async throws(ExchangeFailure) {
    try await respond(status: status, body: Array(value.serialized().utf8))
  }
}
