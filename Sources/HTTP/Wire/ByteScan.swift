extension Span<UInt8> {
  /// Eight bytes as a little-endian word.
  @inline(__always) func word(at index: Int) -> UInt64 {
    // Every bit pattern is a UInt64, and the load checks its bounds.
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// The first place at or after `start` of a byte that no head may hold within a line: a control character other than
  /// the tab (RFC 9110, section 5.5). The end of the bytes when there is none.
  func firstControl(from start: Int) -> Int {
    var index = start
    while index &+ 8 <= count {
      let controls = Self.controls(in: word(at: index))
      if controls == 0 {
        index &+= 8
        continue
      }
      let hit = index &+ controls.trailingZeroBitCount / 8
      if self[hit] != .tab { return hit }
      index = hit &+ 1
    }
    while index < count {
      let byte = self[index]
      if (byte < 0x20 && byte != .tab) || byte == 0x7F { return index }
      index &+= 1
    }
    return index
  }

  /// Sets the top bit of the lowest byte that is below 0x20 or is 0x7F; bits above that one mean nothing.
  @inline(__always) private static func controls(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let low = (word &- ones &* 0x20) & ~word
    let delete = word ^ (ones &* 0x7F)
    return (low | ((delete &- ones) & ~delete)) & tops
  }

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

  /// As `equalsIgnoringCase`, eight bytes at a time, for names that are known to be tokens: among those, setting the 0x20
  /// bit turns nothing but an upper case letter into a letter or a digit or a hyphen.
  @inline(__always) func isToken(_ name: StaticString) -> Bool {
    count == name.utf8CodeUnitCount && matches(name, folding: 0x2020_2020_2020_2020)
  }

  /// Compares with a text of the same length after setting the bits `folding` in each byte of these.
  @inline(__always) private func matches(_ text: StaticString, folding: UInt64) -> Bool {
    // Safe: both hold `count` bytes, and no load passes them.
    let expected = unsafe UnsafeRawPointer(text.utf8Start)
    guard count >= 8 else {
      var index = 0
      while index < count {
        let byte = unsafe expected.load(fromByteOffset: index, as: UInt8.self)
        if self[index] | UInt8(truncatingIfNeeded: folding) != byte { return false }
        index &+= 1
      }
      return true
    }
    var index = 0
    while index < count {
      let place = Swift.min(index, count &- 8)
      let other = unsafe UInt64(littleEndian: expected.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      if word(at: place) | folding != other { return false }
      index &+= 8
    }
    return true
  }

  /// `range` without the spaces and tabs at both ends (OWS, RFC 9110, section 5.6.3).
  @inline(__always) func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isBlank { start &+= 1 }
    while end > start, self[end &- 1].isBlank { end &-= 1 }
    return start..<end
  }

  /// What `1*DIGIT` spells from `range`; nil when it is anything else, or more than an `Int` holds.
  func decimal(in range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    var value = 0
    for index in range {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = tenfold.addingReportingOverflow(Int(digit))
      guard !overflow, !carried else { return nil }
      value = sum
    }
    return value
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
