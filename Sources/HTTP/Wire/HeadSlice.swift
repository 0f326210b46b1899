/// A run of bytes within a message's head, counted from the first byte that its parser was given.
struct HeadSlice: Hashable, Sendable {
  var start: Int32
  var count: Int32

  static let empty = HeadSlice(start: 0, count: 0)

  init(start: Int32, count: Int32) {
    self.start = start
    self.count = count
  }

  /// A range within a head; the head limit keeps both bounds far below 2³¹.
  init(_ range: Range<Int>) {
    start = Int32(truncatingIfNeeded: range.lowerBound)
    count = Int32(truncatingIfNeeded: range.count)
  }

  var isEmpty: Bool { count == 0 }
  var end: Int { Int(start) + Int(count) }
  var range: Range<Int> { Int(start)..<end }

  /// The bytes as text; what is not UTF-8 is replaced.
  func string(in head: Span<UInt8>) -> String {
    unsafe head.extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}
