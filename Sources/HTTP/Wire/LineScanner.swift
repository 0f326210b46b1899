/// Finds the lines of a head one after another in bytes that grow from call to call, and looks at no byte twice.
///
/// Every line ends with CR LF. A bare CR, a bare LF and any other control character but the tab is a fault as soon as it is
/// seen (RFC 9112, section 2.2; RFC 9110, section 5.5).
struct LineScanner {
  /// Where the line begins that has not ended yet.
  private(set) var lineStart = 0
  private var scanned = 0

  /// Begins a line at `index`, past bytes that the caller has dealt with.
  mutating func startLine(at index: Int) {
    lineStart = index
    scanned = index
  }

  /// The next whole line, without its CR LF; nil when it has not ended within `window`.
  /// - Parameter window: all that has come since the head began, up to where the line must have ended.
  @inline(__always)
  mutating func next(in window: Span<UInt8>) throws(WireFault) -> Range<Int>? {
    let end = window.firstControl(from: scanned)
    guard end < window.count, window[end] != .carriageReturn || end &+ 1 < window.count else {
      scanned = end
      return nil
    }
    guard window[end] == .carriageReturn else { throw Self.fault(window[end]) }
    guard window[end &+ 1] == .lineFeed else { throw .malformed("a carriage return stands in a line of the head") }
    let line = lineStart..<end
    startLine(at: end &+ 2)
    return line
  }

  @inline(never) private static func fault(_ byte: UInt8) -> WireFault {
    byte == .lineFeed
      ? .malformed("a line of the head ends with a bare line feed, expected CR LF")
      : .malformed("the head holds the control character \(WireFault.hex(byte))")
  }
}
