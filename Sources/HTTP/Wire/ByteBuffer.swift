/// Bytes that come in at the end and go out at the front. Its storage outlives its content, so that it can be pooled.
package struct ByteBuffer: Sendable {
  /// The bytes before `start` have been consumed.
  private var storage: [UInt8] = []
  private var start = 0

  package init(minimumCapacity: Int = 0) { storage.reserveCapacity(minimumCapacity) }

  /// How many bytes can be read.
  package var count: Int { storage.count - start }
  package var isEmpty: Bool { storage.count == start }
  /// How many bytes the storage can hold, read or not.
  package var capacity: Int { storage.capacity }

  /// Lends the readable bytes.
  @inline(__always)
  package func withBytes<R: ~Copyable, E>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(storage.span.extracting(start...))
  }

  /// Lends the readable bytes to be changed in place.
  @inline(__always)
  package mutating func withMutableBytes<R: ~Copyable, E>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    let range = start..<storage.count
    var whole = storage.mutableSpan
    var readable = whole._mutatingExtracting(range)
    return try body(&readable)
  }

  /// Appends what `fill` writes into free space of `count` bytes; `fill` tells how many bytes it has written.
  /// - Returns: that number.
  @discardableResult @inline(__always)
  package mutating func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    makeRoom(for: count)
    let before = storage.count
    storage.append(addingCapacity: count) { free in
      unsafe free.withUnsafeMutableBufferPointer { buffer, written in
        written = unsafe fill(UnsafeMutableRawBufferPointer(buffer))
      }
    }
    return storage.count - before
  }

  package mutating func append(_ byte: UInt8) { storage.append(byte) }

  package mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(UnsafeRawBufferPointer($0)) }
  }

  package mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  package mutating func append(_ text: StaticString) {
    // Safe: a static string's bytes live for ever.
    unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(contentsOf text: String) {
    var text = text
    text.withUTF8 { unsafe append(UnsafeRawBufferPointer($0)) }
  }

  @inline(__always) private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    unsafe append(upTo: bytes.count) { free in
      unsafe free.copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// Drops the first `count` readable bytes.
  package mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "cannot consume \(count) of \(self.count) bytes")
    start += count
    if isEmpty { removeAll() }
  }

  /// Keeps only the first `count` readable bytes.
  package mutating func truncate(to count: Int) {
    guard count < self.count else { return }
    storage.removeLast(self.count - count)
  }

  /// Takes readable bytes out of the middle, those behind them close up; counted from the first readable one.
  package mutating func remove(_ range: Range<Int>) {
    storage.removeSubrange(range.lowerBound + start..<range.upperBound + start)
  }

  /// Drops all bytes; the storage stays.
  package mutating func removeAll() {
    storage.removeLast(storage.count)
    start = 0
  }

  /// Makes sure that `count` bytes can be appended without a further allocation.
  package mutating func reserve(_ count: Int) {
    makeRoom(for: count)
    guard storage.capacity - storage.count < count else { return }
    storage.reserveCapacity(storage.count + count)
  }

  /// Reuses the space of consumed bytes where that saves the storage from growing.
  private mutating func makeRoom(for count: Int) {
    guard start > 0, storage.capacity - storage.count < count else { return }
    storage.removeSubrange(0..<start)
    start = 0
  }
}
