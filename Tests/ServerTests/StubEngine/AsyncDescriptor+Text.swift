import HTTP

extension AsyncDescriptor {
  /// Reads until `end` has come or the stream has ended; returns all that was read.
  func text(until end: String) async throws -> String {
    var text = ""
    while !text.contains(end) {
      let bytes = try await read()
      guard !bytes.isEmpty else { break }
      text += String(decoding: bytes, as: UTF8.self)
    }
    return text
  }
}
