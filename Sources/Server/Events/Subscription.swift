internal import Synchronization

/// One reader's share of the events: filled by whoever publishes, emptied by the reader's own task.
final class Subscription: Sendable {
  enum Piece: Hashable, Sendable {
    case event(StreamEvent)
    /// Nothing has happened, and the stream lives.
    case heartbeat
  }

  /// How many pieces may wait for a reader that is slow.
  static let capacity = 256

  let number: Int
  /// What the reader is told first.
  let opening: [StreamEvent]
  /// What is to be sent after that, in order; ends when the reader was too slow, or the daemon ends.
  let pieces: AsyncStream<Piece>
  private let sink: AsyncStream<Piece>.Continuation
  private let overflown = Atomic(false)

  init(number: Int, opening: [StreamEvent]) {
    self.number = number
    self.opening = opening
    (pieces, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
  }

  /// Whether it has ended because the reader took too little.
  var hasOverflown: Bool { overflown.load(ordering: .relaxed) }

  /// Takes a piece for the reader; false, and the end, when there is no room for it.
  @discardableResult
  func offer(_ piece: Piece) -> Bool {
    guard case .dropped = sink.yield(piece) else { return true }
    overflown.store(true, ordering: .relaxed)
    sink.finish()
    return false
  }

  func end() { sink.finish() }
}
