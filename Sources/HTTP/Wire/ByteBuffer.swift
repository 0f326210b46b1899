/// Bytes that come in at the end and go out at the front. It has storage only while it needs some, and gives it to the next.
///
/// A class over raw memory: its owners hold it in properties, and there a Swift array would cost a check for exclusive
/// access, one for uniqueness and a count of references each time a few bytes are appended.
// Safe holds because the memory is owned by this object alone, every access checks its bounds, and what is lent can't be
// moved or freed meanwhile: `isLent` stops whoever would.
@safe package final class ByteBuffer {
  private var storage = unsafe Storage.none
  /// The readable bytes are those from `start` to `end`; those before have been consumed.
  private var start = 0
  private var end = 0
  private var isLent = false

  package init(minimumCapacity: Int = 0) {
    if minimumCapacity > 0 { unsafe storage = Storage(capacity: minimumCapacity) }
  }

  deinit { unsafe storage.free() }

  /// How many bytes can be read.
  package var count: Int { end &- start }
  package var isEmpty: Bool { end == start }
  /// How many bytes the storage can hold, read or not.
  package var capacity: Int { unsafe storage.capacity }

  // MARK: Reading

  /// Lends the readable bytes; nothing may be appended meanwhile.
  @inline(__always)
  package func withBytes<R: ~Copyable, E>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    let wasLent = isLent
    isLent = true
    defer { isLent = wasLent }
    return try unsafe body(Span(_unsafeStart: storage.base + start, count: count))
  }

  /// Lends the readable bytes to be changed in place; nobody else may use the buffer meanwhile.
  @inline(__always)
  package func withMutableBytes<R: ~Copyable, E>(
    _ body: (inout MutableSpan<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    checkNotLent()
    isLent = true
    defer { isLent = false }
    var bytes = unsafe MutableSpan(_unsafeStart: storage.base + start, count: count)
    return try body(&bytes)
  }

  /// Drops the first `count` readable bytes.
  package func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "cannot consume \(count) of \(self.count) bytes")
    start &+= count
    if isEmpty { removeAll() }
  }

  // MARK: Writing

  /// Appends what `fill` writes into free space of `count` bytes; `fill` tells how many bytes it has written.
  /// - Returns: that number.
  @discardableResult @inline(__always)
  package func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    reserve(count)
    let written = unsafe fill(UnsafeMutableRawBufferPointer(start: storage.base + end, count: count))
    precondition(written >= 0 && written <= count, "the space lent was \(count) bytes, not \(written)")
    end &+= written
    return written
  }

  package func append(_ byte: UInt8) {
    reserve(1)
    unsafe storage.base[end] = byte
    end &+= 1
  }

  package func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
  }

  package func append(_ bytes: [UInt8]) { append(bytes.span) }

  package func append(_ text: StaticString) {
    // A static string's bytes live for ever.
    unsafe append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package func append(contentsOf text: String) {
    var text = text
    text.withUTF8 { unsafe append($0) }
  }

  @inline(__always) private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    unsafe (storage.base + end).update(from: source, count: bytes.count)
    end &+= bytes.count
  }

  /// Keeps only the first `count` readable bytes.
  package func truncate(to count: Int) {
    guard count >= 0, count < self.count else { return }
    end = start &+ count
  }

  /// Takes readable bytes out of the middle, those behind them close up; counted from the first readable one.
  package func remove(_ range: Range<Int>) {
    checkNotLent()
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "cannot remove \(range) of \(count) bytes")
    let target = unsafe storage.base + start + range.lowerBound
    unsafe target.update(from: storage.base + start + range.upperBound, count: count - range.upperBound)
    end &-= range.count
  }

  /// Drops all bytes; the storage stays.
  package func removeAll() {
    start = 0
    end = 0
  }

  /// Makes sure that `count` bytes can be appended without a further allocation.
  @inline(__always)
  package func reserve(_ count: Int) {
    checkNotLent()
    if unsafe count > storage.capacity &- end { makeRoom(for: count) }
  }

  /// Reuses the space of consumed bytes where that suffices, else moves to a larger storage.
  @inline(never) private func makeRoom(for count: Int) {
    let kept = self.count
    let needed = kept + count
    let isEnough = unsafe needed <= storage.capacity
    let target = unsafe isEnough ? storage : Storage(capacity: max(needed, 2 * storage.capacity))
    if kept > 0 { unsafe target.base.update(from: storage.base + start, count: kept) }
    if !isEnough { unsafe storage.free() }
    unsafe storage = target
    start = 0
    end = kept
  }

  @inline(__always) private func checkNotLent() { precondition(!isLent, "the buffer's bytes are lent") }

  // MARK: Storage

  /// Takes over a storage, in exchange for its own, which is freed. The buffer must be empty.
  func adopt(_ storage: Storage) {
    checkNotLent()
    precondition(isEmpty, "only an empty buffer changes its storage")
    unsafe self.storage.free()
    unsafe self.storage = storage
    removeAll()
  }

  /// Gives its storage away and drops all bytes.
  func surrender() -> Storage {
    checkNotLent()
    defer { unsafe storage = .none }
    removeAll()
    return unsafe storage
  }

  /// Memory for bytes, owned by whoever holds it.
  @unsafe struct Storage {
    let base: UnsafeMutablePointer<UInt8>
    let capacity: Int

    init(capacity: Int) {
      unsafe base = .allocate(capacity: capacity)
      unsafe self.capacity = capacity
    }

    private init(empty base: UnsafeMutablePointer<UInt8>) {
      unsafe self.base = unsafe base
      unsafe capacity = 0
    }

    /// No memory: a place that no byte is ever read from or written to.
    static var none: Storage { unsafe Storage(empty: UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped) }

    func free() { if unsafe capacity > 0 { unsafe base.deallocate() } }
  }
}
