/// The paths by which a model server is controlled; only the daemon itself may call them.
enum EnginePaths {
  private static let exact: Set<String> = [
    "/sleep", "/wake_up", "/collective_rpc", "/pause", "/resume", "/resume_memory_occupation", "/models/load",
    "/models/unload",
  ]
  private static let prefixes = ["/release_", "/update_weights"]

  /// A quick look that spares the ordinary request the thorough one.
  static func mayContain(_ path: String) -> Bool {
    !path.hasPrefix("/v1/") || path.utf8.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "\\") }
      || path.contains("..")
  }

  /// Whether a model server, or a proxy before it, could take the path for a control path, however it is written.
  /// - Parameter path: as it came: percent-encoded, without the query.
  static func contains(_ path: some StringProtocol) -> Bool {
    guard let path = normalized(path) else { return true }
    return exact.contains(path) || prefixes.contains { path.hasPrefix($0) }
      || (path.hasPrefix("/reset_") && path.hasSuffix("_cache"))
  }

  /// The path decoded once, in lower case, without empty and `.` segments.
  ///
  /// Nil where it can't be told what is asked for: of a path with a `..` segment, wherever that leads, since a server's base
  /// path stands before it, of which the segment may take something away.
  private static func normalized(_ path: some StringProtocol) -> String? {
    // Not by characters: one that combines with a slash would hide it.
    let segments = percentDecoded(path).lowercased().unicodeScalars.split { $0 == "/" || $0 == "\\" }
      .map { String($0) }.filter { $0 != "." }
    return segments.contains("..") ? nil : "/" + segments.joined(separator: "/")
  }
}

/// The text with each `%xx` replaced by its byte; what is not an escape stays as it is.
func percentDecoded(_ text: some StringProtocol) -> String {
  guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
  let bytes = Array(text.utf8)
  var decoded: [UInt8] = []
  decoded.reserveCapacity(bytes.count)
  var index = 0
  while index < bytes.count {
    if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
      let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
    {
      decoded.append(high << 4 | low)
      index += 3
    } else {
      decoded.append(bytes[index])
      index += 1
    }
  }
  return String(decoding: decoded, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
