internal import Core

// Sending all of something, as fast as the peer takes it. Each returns whether that came to pass: not when the connection
// fails, the channel is aborted, or the peer takes nothing for as long as `stall`.
extension Channel {
  /// Sends all of `buffer`.
  @inline(__always) func sendAll(_ buffer: ByteBuffer, stall: Interval? = nil) async -> Bool {
    var sent = 0
    while true {
      let outcome = buffer.withBytes { bytes in send(bytes.extracting(sent...)) }
      guard count(outcome, &sent) else { return false }
      if sent == buffer.count { return true }
      guard await waitToSend(stall) else { return false }
    }
  }

  /// Sends all of `front`, then the bytes in `range` of `payload`, then all of `back`, without copying them together.
  func sendAll(
    _ front: ByteBuffer, _ payload: ByteBuffer, _ range: Range<Int>, _ back: ByteBuffer, stall: Interval? = nil
  ) async -> Bool {
    var sent = 0
    while true {
      let outcome = front.withBytes { front in
        payload.withBytes { payload in
          back.withBytes { back in send(front, payload.extracting(range), back, skipping: sent) }
        }
      }
      guard count(outcome, &sent) else { return false }
      if sent == front.count + range.count + back.count { return true }
      guard await waitToSend(stall) else { return false }
    }
  }

  private func count(_ outcome: Transfer, _ sent: inout Int) -> Bool {
    switch outcome {
    case .moved(let count):
      sent += count
      return true
    case .blocked: return true
    case .ended, .failed: return false
    }
  }

  private func waitToSend(_ stall: Interval?) async -> Bool {
    await waitWritable(until: stall.map { loop.now + $0 } ?? .distantFuture) == .ready
  }
}
