/// The storages that a loop's buffers take turns with: one has storage only while bytes are in it.
///
/// The storages that are free form a list through their own first bytes, so that keeping them takes no memory.
// Safe holds because a storage is either in the list or in one buffer: `recycle` takes it from the buffer, `lend` from here.
@safe final class BufferPool {
  /// What a fresh storage holds, and the most that one read takes.
  static let bufferBytes = 65_536

  /// Larger ones, grown for large bodies, are given back to the system.
  private static let largestBytes = 1 << 20
  private static let limitBytes = 8 << 20

  private var free = unsafe ByteBuffer.Storage.none
  private var freeBytes = 0

  /// Gives an empty buffer room for `bufferBytes`.
  func lend(to buffer: ByteBuffer) {
    guard unsafe free.capacity > 0 else { return unsafe buffer.adopt(ByteBuffer.Storage(capacity: Self.bufferBytes)) }
    let storage = unsafe free
    unsafe free = UnsafeRawPointer(storage.base).loadUnaligned(as: ByteBuffer.Storage.self)
    unsafe freeBytes -= storage.capacity
    unsafe buffer.adopt(storage)
  }

  /// Takes the storage back; the buffer's bytes are gone.
  func recycle(_ buffer: ByteBuffer) {
    guard buffer.capacity > 0 else { return }
    let storage = unsafe buffer.surrender()
    let capacity = unsafe storage.capacity
    guard capacity >= Self.bufferBytes, capacity <= Self.largestBytes, freeBytes + capacity <= Self.limitBytes else {
      return unsafe storage.free()
    }
    unsafe UnsafeMutableRawPointer(storage.base).storeBytes(of: free, as: ByteBuffer.Storage.self)
    unsafe free = storage
    freeBytes += capacity
  }

  deinit {
    while unsafe free.capacity > 0 { lend(to: ByteBuffer()) }
  }
}
