/// Reads the field lines of one head and gathers what they say of the message's framing and its connection: the same for
/// requests and responses (RFC 9112, sections 5 and 6; RFC 9110, section 7.6.1).
struct FieldSection {
  enum Expectation { case none, continuation, unknown }

  private let minorVersion: UInt8
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var hostCount = 0
  private(set) var expectation = Expectation.none
  private var closes = false
  private var keepsAlive = false
  private var connectionNamesUpgrade = false
  private var hasUpgrade = false
  private var connectionOptions = 0
  private var connectionNamesFields = false

  /// Enough for every honest client, and few enough to compare each field with each of them.
  private static let mostConnectionOptions = 64
  /// As many fields as most heads have.
  private static let batch = 16

  init(minorVersion: UInt8 = 1) { self.minorVersion = minorVersion }

  /// Whether the connection outlives the message, as far as the head says (RFC 9112, section 9.3).
  var keepAlive: Bool { !closes && (minorVersion >= 1 || keepsAlive) }

  /// Whether another protocol is asked for or granted (RFC 9110, section 7.8).
  var upgrade: Bool { connectionNamesUpgrade && hasUpgrade && minorVersion >= 1 }

  /// Reads field lines as far as they have come.
  /// - Returns: whether the blank line has been read that ends them.
  /// - Throws: what is wrong with a line, or with it next to those before; 431 past the limits.
  mutating func parse(
    _ bytes: Span<UInt8>, lines: inout LineScanner, into fields: inout [HeaderField], limits: HeadLimits
  ) throws(WireFault) -> Bool {
    let window = bytes.extracting(first: limits.headBytes)
    while true {
      // Making room for each field by itself would cost as much as reading it. One more than allowed is read, to be refused.
      let room = min(Self.batch, limits.fields - fields.count + 1)
      var isWhole = false
      var isFull = false
      try fields.append(addingCapacity: room) { (batch: inout OutputSpan<HeaderField>) throws(WireFault) in
        while !batch.isFull {
          guard let line = try lines.next(in: window) else { return }
          guard !line.isEmpty else { return isWhole = true }
          batch.append(try field(in: line, of: bytes))
        }
        isFull = true
      }
      guard fields.count <= limits.fields else { throw .headTooLarge("the head has more than \(limits.fields) fields") }
      if isWhole {
        markNamedByConnection(&fields, in: bytes)
        return true
      }
      guard isFull else { break }
    }
    guard bytes.count < limits.headBytes else {
      throw .headTooLarge("the head is larger than \(limits.headBytes) bytes")
    }
    return false
  }

  /// Takes one field line in.
  @inline(__always)
  private mutating func field(in line: Range<Int>, of bytes: Span<UInt8>) throws(WireFault) -> HeaderField {
    let colon = bytes.firstIndex(of: UInt8(ascii: ":"), from: line.lowerBound)
    guard colon > line.lowerBound, colon < line.upperBound else { throw Self.nameFault(line, in: bytes) }
    let name = line.lowerBound..<colon
    let known = KnownField(name: bytes.extracting(name))
    guard known != .other || name.allSatisfy({ ByteClass.token.contains(bytes[$0]) }) else {
      throw Self.nameFault(line, in: bytes)
    }
    let value = bytes.trimmed(colon &+ 1..<line.upperBound)
    try note(known, value, in: bytes)
    return HeaderField(name: HeadSlice(name), value: HeadSlice(value), known: known)
  }

  /// Marks the fields that Connection names, once all have been read.
  private func markNamedByConnection(_ fields: inout [HeaderField], in bytes: Span<UInt8>) {
    guard connectionNamesFields else { return }
    for connection in fields where connection.known == .connection {
      Self.forEachOption(of: connection.value.range, in: bytes) { option in
        for index in fields.indices {
          let name = bytes.extracting(fields[index].name.range)
          if name.equalsIgnoringCase(option) { fields[index].isNamedByConnection = true }
        }
      }
    }
  }

  private mutating func note(_ known: KnownField, _ value: Range<Int>, in bytes: Span<UInt8>) throws(WireFault) {
    switch known {
    case .contentLength:
      guard contentLength == nil else { throw .malformed("the head has more than one Content-Length") }
      guard !isChunked else { throw .lengthBesideEncoding }
      guard let length = bytes.decimal(in: value) else {
        throw .malformed("Content-Length is not a number of bytes, expected digits only")
      }
      contentLength = length
    case .transferEncoding:
      guard !isChunked else { throw .malformed("the head has more than one Transfer-Encoding") }
      guard contentLength == nil else { throw .lengthBesideEncoding }
      guard minorVersion >= 1 else { throw .malformed("an HTTP/1.0 message has a Transfer-Encoding") }
      guard bytes.extracting(value).equalsIgnoringCase("chunked") else {
        throw .malformed("Transfer-Encoding is not understood, expected chunked alone")
      }
      isChunked = true
    case .connection: try noteOptions(value, in: bytes)
    case .upgrade: hasUpgrade = !value.isEmpty
    case .host: hostCount += 1
    case .expect:
      let isContinuation = bytes.extracting(value).equalsIgnoringCase("100-continue")
      expectation = isContinuation && expectation != .unknown ? .continuation : .unknown
    default: break
    }
  }

  private mutating func noteOptions(_ value: Range<Int>, in bytes: Span<UInt8>) throws(WireFault) {
    Self.forEachOption(of: value, in: bytes) { option in
      connectionOptions += 1
      if option.isFieldName("close") {
        closes = true
      } else if option.isFieldName("keep-alive") {
        keepsAlive = true
      } else if option.isFieldName("upgrade") {
        connectionNamesUpgrade = true
      } else {
        connectionNamesFields = true
      }
    }
    guard connectionOptions <= Self.mostConnectionOptions else {
      throw .malformed("Connection has more than \(Self.mostConnectionOptions) options")
    }
  }

  /// Calls `body` with each element of a comma-separated list, empty ones left out (RFC 9110, section 5.6.1).
  @inline(__always)
  private static func forEachOption(
    of value: Range<Int>, in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void
  ) {
    var start = value.lowerBound
    while start < value.upperBound {
      var end = start
      while end < value.upperBound, bytes[end] != UInt8(ascii: ",") { end &+= 1 }
      let option = bytes.trimmed(start..<end)
      if !option.isEmpty { body(bytes.extracting(option)) }
      start = end &+ 1
    }
  }

  /// Why a line does not begin with a token and a colon.
  @inline(never)
  private static func nameFault(_ line: Range<Int>, in bytes: Span<UInt8>) -> WireFault {
    var end = line.lowerBound
    while end < line.upperBound, ByteClass.token.contains(bytes[end]) { end += 1 }
    guard end < line.upperBound else { return .malformed("a field line has no colon") }
    switch bytes[end] {
    case UInt8(ascii: ":"): return .malformed("a field line has no name before its colon")
    case .space, .tab:
      return end == line.lowerBound
        ? .malformed("a field line is folded or begins with a blank") : .malformed("a field name holds a blank")
    default: return .malformed("a field name holds the character \(WireFault.hex(bytes[end]))")
    }
  }
}

extension WireFault {
  fileprivate static var lengthBesideEncoding: WireFault {
    .malformed("the head has both Content-Length and Transfer-Encoding")
  }
}
