extension Span<UInt8> {
  /// Eight bytes as a little-endian word.
  @inline(__always) func word(at index: Int) -> UInt64 {
    // Every bit pattern is a UInt64, and the load checks its bounds.
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// The first place at or after `start` of a byte that no head may hold within a line: a control character other than
  /// the tab (RFC 9110, section 5.5). The end of the bytes when there is none.
  @inline(__always) func firstControl(from start: Int) -> Int {
    var index = start
    while true {
      index = firstCandidate(from: index, inWord: Self.controlCandidates)
      guard index < count else { return index }
      let byte = self[index]
      if byte < 0x20 ? byte != .tab : byte == 0x7F { return index }
      index &+= 1
    }
  }

  /// The first place at or after `start` of `byte`; the end of the bytes when there is none.
  @inline(__always) func firstIndex(of byte: UInt8, from start: Int) -> Int {
    let pattern = Self.ones &* UInt64(byte)
    var index = firstCandidate(from: start) { word in
      let difference = word ^ pattern
      return (difference &- Self.ones) & ~difference & Self.tops
    }
    while index < count, self[index] != byte { index &+= 1 }
    return index
  }

  /// The first place at or after `start` that may hold what is looked for, eight bytes at a time; where fewer are left,
  /// the first of those.
  /// - Parameter candidates: sets the top bit of each byte of a word that is looked for, and perhaps of others.
  @inline(__always) private func firstCandidate(from start: Int, inWord candidates: (UInt64) -> UInt64) -> Int {
    precondition(start >= 0)
    var index = start
    while index &+ 8 <= count {
      // Eight bytes are left from here, and any of them make a word.
      let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
      let marks = candidates(UInt64(littleEndian: word))
      if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
      index &+= 8
    }
    return index
  }

  @inline(__always) private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  @inline(__always) private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// Marks every byte below 0x20 and every 0x7F, and sometimes their neighbours: a borrow or a carry may spill over.
  @inline(__always) private static func controlCandidates(in word: UInt64) -> UInt64 {
    ((word &- ones &* 0x20) | (word &+ ones)) & ~word & tops
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

  /// As `equalsIgnoringCase`, eight bytes at a time, for a `name` of letters and hyphens and bytes without controls: among
  /// those, setting the 0x20 bit makes a letter of nothing but its upper case, and a hyphen of nothing else.
  @inline(__always) func isFieldName(_ name: StaticString) -> Bool {
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
