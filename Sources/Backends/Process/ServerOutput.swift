/// Cuts what a process writes into lines and keeps the last of them, whatever it writes: a line without end, a flood, or
/// bytes that are no text.
struct ServerOutput: Sendable {
  enum Stream: String, Sendable, CaseIterable { case stdout, stderr }

  /// A line whose end has not come yet.
  fileprivate struct Partial {
    var bytes: [UInt8] = []
    var isCut = false
  }

  /// A longer line is cut there; the rest of it is dropped.
  static let lineByteLimit = 4096
  /// How many lines are kept to explain a failure.
  static let tailLimit = 20

  /// The last lines that came from either stream, the oldest first.
  private(set) var tail: [String] = []
  private var partial: [Stream: Partial] = [:]

  /// Takes what was read and returns the lines that it ended.
  mutating func append(_ bytes: [UInt8], from stream: Stream) -> [String] {
    var lines: [String] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      partial[stream, default: Partial()].lengthen(by: rest[..<end])
      lines.append(endLine(of: stream))
      rest = rest[(end + 1)...]
    }
    if !rest.isEmpty { partial[stream, default: Partial()].lengthen(by: rest) }
    return lines
  }

  /// The stream has ended; a last line may have come without its end.
  mutating func finish(_ stream: Stream) -> [String] {
    partial[stream] == nil ? [] : [endLine(of: stream)]
  }

  private mutating func endLine(of stream: Stream) -> String {
    let text = partial.removeValue(forKey: stream)?.text ?? ""
    if tail.count == Self.tailLimit { tail.removeFirst() }
    tail.append(text)
    return text
  }
}

extension ServerOutput.Partial {
  fileprivate mutating func lengthen(by more: ArraySlice<UInt8>) {
    let room = ServerOutput.lineByteLimit - bytes.count
    bytes += more.prefix(room)
    if more.count > room { isCut = true }
  }

  fileprivate var text: String {
    let line = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    return String(decoding: line, as: UTF8.self) + (isCut ? "…" : "")
  }
}
