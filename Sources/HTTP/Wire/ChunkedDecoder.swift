/// Takes the chunked transfer coding off a body (RFC 9112, section 7.1), in place, from bytes that come in any pieces.
///
/// Chunk extensions and trailer fields are checked and dropped.
struct ChunkedDecoder {
  private enum State {
    /// At the first digit of a chunk's size; behind further ones; behind a blank after them.
    case sizeStart, size, sizeBlank
    /// In an extension: before and in its name, behind that name, before and in its value, behind that value.
    case nameStart, name, nameBlank, valueStart, value, quoted, quotedPair, valueEnd
    /// Before the line feed that ends the size's line.
    case sizeLineFeed
    case data, dataReturn, dataLineFeed
    /// In a trailer field: at its line's start, in its name, in its value, before its line feed.
    case trailerStart, trailerName, trailerValue, trailerLineFeed
    /// Before the line feed of the line that ends the body.
    case lastLineFeed
    case finished
  }

  private var state = State.sizeStart
  private var sizeDigits = 0
  /// The size while it is read, then what of the chunk has not come yet.
  private var remaining = 0
  private var payloadBytes = 0
  private let payloadLimit: Int
  private var overheadBytes = 0

  /// As many digits as fill 64 bits; leading zeros count.
  private static let mostSizeDigits = 16
  /// Of extensions and trailers, in one message.
  private static let mostOverheadBytes = 16_384

  /// - Parameter payloadLimit: in bytes; the chunk that would pass it is refused with 413 as soon as it is announced.
  init(payloadLimit: Int = .max) { self.payloadLimit = payloadLimit }

  /// Whether the whole body has come, with its trailers.
  var isFinished: Bool { state == .finished }

  /// Decodes what has come, and moves the payload to the front of `region`.
  /// - Returns: how many bytes of `region` belong to the body (all of them, unless it has ended: what follows is left as it
  ///   is), and how many bytes of payload now stand at the front.
  /// - Throws: 400, or 413; nothing that stands in the region may then be used.
  mutating func decode(
    _ bytes: inout MutableSpan<UInt8>, in region: Range<Int>
  ) throws(WireFault) -> (consumed: Int, payload: Int) {
    var read = region.lowerBound
    var written = region.lowerBound
    while read < region.upperBound, state != .finished {
      if state == .data {
        let count = min(remaining, region.upperBound - read)
        bytes.move(from: read, to: written, count: count)
        read += count
        written += count
        remaining -= count
        if remaining == 0 { state = .dataReturn }
      } else {
        state = try next(after: bytes[read])
        read += 1
      }
    }
    return (read - region.lowerBound, written - region.lowerBound)
  }

  /// The state that `byte`, which is no payload, leads to.
  private mutating func next(after byte: UInt8) throws(WireFault) -> State {
    switch state {
    case .sizeStart, .size: return try nextInSize(byte)
    case .sizeBlank, .nameStart, .name, .nameBlank, .valueStart, .value, .quoted, .quotedPair, .valueEnd:
      return try nextInExtension(byte)
    case .sizeLineFeed:
      guard byte == .lineFeed else { throw Self.lineEndFault }
      return try beginChunk()
    case .dataReturn:
      guard byte == .carriageReturn else { throw Self.dataEndFault }
      return .dataLineFeed
    case .dataLineFeed:
      guard byte == .lineFeed else { throw Self.dataEndFault }
      return .sizeStart
    case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed: return try nextInTrailer(byte)
    case .data, .finished: return state
    }
  }

  private mutating func nextInSize(_ byte: UInt8) throws(WireFault) -> State {
    if let digit = byte.hexDigit {
      guard sizeDigits < Self.mostSizeDigits, remaining <= Int.max >> 4 else {
        throw .malformed("a chunk's size has more digits than any chunk needs")
      }
      sizeDigits += 1
      remaining = remaining << 4 | digit
      return .size
    }
    guard state == .size else { throw Self.sizeFault(byte) }
    switch byte {
    case .carriageReturn: return .sizeLineFeed
    case UInt8(ascii: ";"): return .nameStart
    case .space, .tab: return .sizeBlank
    default: throw Self.sizeFault(byte)
    }
  }

  /// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112, section 7.1.1).
  private mutating func nextInExtension(_ byte: UInt8) throws(WireFault) -> State {
    try countOverhead()
    let isToken = ByteClass.token.contains(byte)
    switch (state, byte) {
    case (.nameStart, _) where isToken, (.name, _) where isToken: return .name
    case (.valueStart, _) where isToken, (.value, _) where isToken: return .value
    case (.nameStart, _) where byte.isBlank: return .nameStart
    case (.valueStart, _) where byte.isBlank: return .valueStart
    case (.name, _) where byte.isBlank, (.nameBlank, _) where byte.isBlank: return .nameBlank
    case (.sizeBlank, _) where byte.isBlank, (.value, _) where byte.isBlank, (.valueEnd, _) where byte.isBlank:
      return .sizeBlank
    case (.name, UInt8(ascii: "=")), (.nameBlank, UInt8(ascii: "=")): return .valueStart
    case (.valueStart, UInt8(ascii: "\"")): return .quoted
    case (.quoted, UInt8(ascii: "\"")): return .valueEnd
    case (.quoted, UInt8(ascii: "\\")): return .quotedPair
    case (.quoted, _) where byte.isFieldContent, (.quotedPair, _) where byte.isFieldContent: return .quoted
    case (.sizeBlank, UInt8(ascii: ";")), (.name, UInt8(ascii: ";")), (.nameBlank, UInt8(ascii: ";")),
      (.value, UInt8(ascii: ";")), (.valueEnd, UInt8(ascii: ";")):
      return .nameStart
    case (.name, .carriageReturn), (.value, .carriageReturn), (.valueEnd, .carriageReturn): return .sizeLineFeed
    default: throw .malformed("a chunk extension holds \(WireFault.hex(byte)) where it may not stand")
    }
  }

  private mutating func beginChunk() throws(WireFault) -> State {
    sizeDigits = 0
    guard remaining > 0 else { return .trailerStart }
    guard remaining <= payloadLimit - payloadBytes else { throw .bodyTooLarge(limitBytes: payloadLimit) }
    payloadBytes += remaining
    return .data
  }

  /// Field lines as in a head (RFC 9112, section 7.1.2), then an empty line.
  private mutating func nextInTrailer(_ byte: UInt8) throws(WireFault) -> State {
    try countOverhead()
    switch state {
    case .trailerStart where byte == .carriageReturn: return .lastLineFeed
    case .trailerStart where ByteClass.token.contains(byte): return .trailerName
    case .trailerName where ByteClass.token.contains(byte): return .trailerName
    case .trailerName where byte == UInt8(ascii: ":"): return .trailerValue
    case .trailerValue where byte.isFieldContent: return .trailerValue
    case .trailerValue where byte == .carriageReturn: return .trailerLineFeed
    case .trailerLineFeed where byte == .lineFeed: return .trailerStart
    case .lastLineFeed where byte == .lineFeed: return .finished
    default: throw .malformed("a chunked body's trailer holds \(WireFault.hex(byte)) where it may not stand")
    }
  }

  private mutating func countOverhead() throws(WireFault) {
    overheadBytes += 1
    guard overheadBytes <= Self.mostOverheadBytes else {
      throw .malformed("a chunked body's extensions and trailers exceed \(Self.mostOverheadBytes) bytes")
    }
  }

  private static var lineEndFault: WireFault { .malformed("a chunk's size does not end with CR LF") }
  private static var dataEndFault: WireFault { .malformed("a chunk is longer than its size, expected CR LF behind it") }

  private static func sizeFault(_ byte: UInt8) -> WireFault {
    .malformed("a chunk's size holds \(WireFault.hex(byte)), expected hexadecimal digits")
  }
}

extension UInt8 {
  /// What it is worth as a hexadecimal digit of either case.
  fileprivate var hexDigit: Int? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self &- UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self &- UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  /// Whether a field value may hold it (RFC 9110, section 5.5): anything but the controls, save the tab.
  fileprivate var isFieldContent: Bool { self == .tab || (self >= .space && self != 0x7F) }
}

extension MutableSpan<UInt8> {
  /// Moves bytes towards the front; the two places may overlap.
  fileprivate mutating func move(from source: Int, to target: Int, count: Int) {
    guard source != target, count > 0 else { return }
    precondition(target >= 0 && target < source && count <= self.count - source, "the move leaves the span")
    // Safe: both places lie within the span, as just checked; memmove allows them to overlap.
    unsafe withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe (base + target).copyMemory(from: base + source, byteCount: count)
    }
  }
}
