internal import Core

/// Cuts a stream of bytes into lines and keeps the last of them, whatever the process writes: a line without end, a
/// flood, or bytes that are no text.
struct ServerOutput: Sendable {
  /// A longer line is cut there; the rest of it is dropped.
  static let lineByteLimit = 4096
  /// How many lines are kept to explain a failure.
  static let tailLimit = 20
  /// How many lines a second are handed on.
  static let linesPerSecond = 500

  /// The last lines that came, the oldest first.
  private(set) var tail: [String] = []
  private var line: [UInt8] = []
  private var lineIsCut = false
  private var windowStart = Instant.zero
  private var linesInWindow = 0
  private var linesDropped = 0

  /// Takes what was read and returns the lines that it ended and that are to be logged.
  mutating func append(_ bytes: [UInt8], at now: Instant) -> [String] {
    var lines: [String] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      lengthenLine(by: rest[..<end])
      lines += endLine(at: now)
      rest = rest[(end + 1)...]
    }
    lengthenLine(by: rest)
    return lines
  }

  private mutating func lengthenLine(by bytes: ArraySlice<UInt8>) {
    let room = Self.lineByteLimit - line.count
    line += bytes.prefix(room)
    if bytes.count > room { lineIsCut = true }
  }

  /// The stream has ended; a last line may have come without its end.
  mutating func finish(at now: Instant) -> [String] { line.isEmpty ? [] : endLine(at: now) }

  private mutating func endLine(at now: Instant) -> [String] {
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    let text = String(decoding: line, as: UTF8.self) + (lineIsCut ? "…" : "")
    line.removeAll(keepingCapacity: true)
    lineIsCut = false
    if tail.count == Self.tailLimit { tail.removeFirst() }
    tail.append(text)
    return admit(text, at: now)
  }

  /// A process that writes faster than anybody reads must not fill the disk with the daemon's log.
  private mutating func admit(_ text: String, at now: Instant) -> [String] {
    var notice: [String] = []
    if now - windowStart >= .seconds(1) {
      if linesDropped > 0 { notice = ["(\(linesDropped) lines left out: more than \(Self.linesPerSecond) a second)"] }
      (windowStart, linesInWindow, linesDropped) = (now, 0, 0)
    }
    guard linesInWindow < Self.linesPerSecond else {
      linesDropped += 1
      return notice
    }
    linesInWindow += 1
    return notice + [text]
  }
}
