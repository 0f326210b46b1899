/// The buffers that a loop's connections take turns with: one holds storage only while bytes are in it.
struct BufferPool {
  /// What a fresh buffer holds, and the most that one read takes.
  static let bufferBytes = 65_536

  /// Larger ones, grown for large bodies, are given back to the system.
  private static let largestBytes = 1 << 20
  private static let limitBytes = 8 << 20

  private var free: [ByteBuffer] = []
  private var freeBytes = 0

  /// An empty buffer with room for `bufferBytes`.
  mutating func take() -> ByteBuffer {
    guard let buffer = free.popLast() else { return ByteBuffer(minimumCapacity: Self.bufferBytes) }
    freeBytes -= buffer.capacity
    return buffer
  }

  /// Takes the storage back and leaves `buffer` empty and without any.
  mutating func recycle(_ buffer: inout ByteBuffer) {
    var taken = ByteBuffer()
    swap(&taken, &buffer)
    let capacity = taken.capacity
    guard capacity >= Self.bufferBytes, capacity <= Self.largestBytes, freeBytes + capacity <= Self.limitBytes else {
      return
    }
    taken.removeAll()
    freeBytes += capacity
    free.append(taken)
  }
}
