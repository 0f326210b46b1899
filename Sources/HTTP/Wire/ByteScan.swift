/// Looking at bytes sixteen at a time. The vectors' operators compile to single instructions only between two vectors.
extension Span<UInt8> {
  typealias Vector = SIMD16<UInt8>
  typealias Mask = SIMDMask<SIMD16<Int8>>

  /// The first place at or after `start` of a byte that no head may hold within a line: a control character other than
  /// the tab (RFC 9110, section 5.5). The end of the bytes when there is none.
  @inline(__always) func firstControl(from start: Int) -> Int {
    first(
      from: start, where: { $0 < 0x20 && $0 != .tab || $0 == 0x7F },
      among: {
        (($0 .< Vector(repeating: 0x20)) .& ($0 .!= Vector(repeating: .tab))) .| ($0 .== Vector(repeating: 0x7F))
      })
  }

  /// The first place at or after `start` of `byte`; the end of the bytes when there is none.
  @inline(__always) func firstIndex(of byte: UInt8, from start: Int) -> Int {
    first(from: start, where: { $0 == byte }, among: { $0 .== Vector(repeating: byte) })
  }

  /// The first place at or after `start` of a byte that matches; the end of the bytes when there is none.
  /// - Parameter matches: says the same of sixteen bytes as `isMatch` of one.
  @inline(__always) func first(
    from start: Int, where isMatch: (UInt8) -> Bool, among matches: (Vector) -> Mask
  ) -> Int {
    precondition(start >= 0)
    var index = start
    while index &+ 16 <= count {
      // Sixteen bytes are left from here, and any of them make a vector. A mask is as large, each of its bytes 0 or -1.
      let vector = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: Vector.self)
      let marks = unsafe unsafeBitCast(matches(vector), to: SIMD2<UInt64>.self)
      if marks[0] != 0 { return index &+ UInt64(littleEndian: marks[0]).trailingZeroBitCount / 8 }
      if marks[1] != 0 { return index &+ UInt64(littleEndian: marks[1]).trailingZeroBitCount / 8 &+ 8 }
      index &+= 16
    }
    while index < count, !isMatch(self[index]) { index &+= 1 }
    return index
  }
}

extension Span<UInt8> {
  /// Whether these are exactly the bytes of `text`.
  @inline(__always) func equals(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && matches(text, folding: 0)
  }

  /// Whether these are the bytes of `text`, which is in lower case, whatever the case of their ASCII letters.
  @inline(__always) func equalsIgnoringCase(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    var index = 0
    while index < count {
      // Safe: both hold `count` bytes.
      let expected = unsafe text.utf8Start[index]
      if self[index].lowercased != expected { return false }
      index &+= 1
    }
    return true
  }

  /// Whether these are the bytes of `other`, whatever the case of the ASCII letters in either.
  func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[index].lowercased != other[index].lowercased { return false }
    return true
  }

  /// As `equalsIgnoringCase`, eight bytes at a time, for a `name` of letters and hyphens and bytes without controls: among
  /// those, setting the 0x20 bit makes a letter of nothing but its upper case, and a hyphen of nothing else.
  @inline(__always) func isFieldName(_ name: StaticString) -> Bool {
    count == name.utf8CodeUnitCount && matches(name, folding: 0x2020_2020_2020_2020)
  }

  /// Compares with a text of the same length after setting the bits `folding` in each byte of these.
  @inline(__always) private func matches(_ text: StaticString, folding: UInt64) -> Bool {
    // Safe: both hold `count` bytes, and no load passes them.
    let expected = unsafe UnsafeRawPointer(text.utf8Start)
    var index = 0
    if count >= 8 {
      while true {
        let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
        if unsafe word | folding != expected.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
        if index &+ 8 == count { return true }
        index = Swift.min(index &+ 8, count &- 8)
      }
    }
    while index < count {
      let byte = unsafe expected.load(fromByteOffset: index, as: UInt8.self)
      if self[index] | UInt8(truncatingIfNeeded: folding) != byte { return false }
      index &+= 1
    }
    return true
  }

  /// `range`, in which no control stands but the tab, without the blanks at both ends (OWS, RFC 9110, section 5.6.3).
  @inline(__always) func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start] <= .space { start &+= 1 }
    while start < end, self[end &- 1] <= .space { end &-= 1 }
    return start..<end
  }

  /// What 1 to 19 digits spell from `range`, leading zeros among them; nil when it is anything else, or more than an `Int`
  /// holds.
  func decimal(in range: Range<Int>) -> Int? {
    guard 1...19 ~= range.count else { return nil }
    // Nineteen digits never overflow this one.
    var value: UInt64 = 0
    for index in range {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value &* 10 &+ UInt64(digit)
    }
    return Int(exactly: value)
  }
}

extension UInt8 {
  static var tab: UInt8 { 0x09 }
  static var lineFeed: UInt8 { 0x0A }
  static var carriageReturn: UInt8 { 0x0D }
  static var space: UInt8 { 0x20 }

  /// A space or a tab.
  var isBlank: Bool { self == .space || self == .tab }

  /// The lower case of an ASCII letter, any other byte as it is.
  var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}
