internal import Core

/// Lets some lines a second through: a process that writes faster than anybody reads must not fill the disk with the
/// daemon's log.
struct LineRate: Sendable {
  static let linesPerSecond = 500

  private var windowStart = Instant.zero
  private var linesInWindow = 0
  private var linesDropped = 0

  /// Returns what of the lines is to be handed on, and before it how many were not in the second before.
  mutating func admit(_ lines: [String], at now: Instant) -> [String] {
    var admitted: [String] = []
    if now - windowStart >= .seconds(1) {
      if linesDropped > 0 { admitted = ["(\(linesDropped) lines left out: more than \(Self.linesPerSecond) a second)"] }
      (windowStart, linesInWindow, linesDropped) = (now, 0, 0)
    }
    let room = max(Self.linesPerSecond - linesInWindow, 0)
    admitted += lines.prefix(room)
    linesDropped += max(lines.count - room, 0)
    linesInWindow += min(lines.count, room)
    return admitted
  }
}
