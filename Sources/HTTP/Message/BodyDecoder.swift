/// Takes a body's framing off in place, and knows how much of the body is still to come.
struct BodyDecoder {
  private enum State {
    case complete
    case length(remaining: Int)
    case chunked(ChunkedDecoder)
    case untilClose
  }

  private var state: State

  /// - Parameter limitBytes: the payload that a chunked body may have; a length must have been checked before.
  init(_ framing: BodyFraming, limitBytes: Int = .max) {
    state =
      switch framing {
      case .none: .complete
      case .length(let count): .length(remaining: count)
      case .chunked: .chunked(ChunkedDecoder(payloadLimit: limitBytes))
      case .untilClose: .untilClose
      }
  }

  /// Whether the whole body has come. One that ends with the connection never says so itself.
  var isComplete: Bool { if case .complete = state { true } else { false } }

  /// Whether the end of the connection now is the body's proper end.
  var mayEndWithConnection: Bool { if case .untilClose = state { true } else { false } }

  /// How many payload bytes are still to come, where that is known.
  var remainingBytes: Int? { if case .length(let remaining) = state { remaining } else { nil } }

  /// Decodes what has come of the body, from `start` on. The payload then stands at `start`.
  ///
  /// Until the body is complete everything is used up, and the buffer ends with the payload.
  /// - Returns: how many bytes of payload there are, and where what follows the body begins.
  /// - Throws: 400, or 413 for more than the limit.
  mutating func decode(_ buffer: ByteBuffer, from start: Int) throws(WireFault) -> (payload: Int, end: Int) {
    let available = buffer.count - start
    switch state {
    case .complete: return (0, start)
    case .untilClose: return (available, buffer.count)
    case .length(let remaining):
      let count = min(remaining, available)
      state = count == remaining ? .complete : .length(remaining: remaining - count)
      return (count, start + count)
    case .chunked(var decoder):
      let (consumed, payload) = try buffer.withMutableBytes { bytes throws(WireFault) in
        try decoder.decode(&bytes, in: start..<start + available)
      }
      if decoder.isFinished {
        state = .complete
        return (payload, start + consumed)
      }
      state = .chunked(decoder)
      buffer.truncate(to: start + payload)
      return (payload, start + payload)
    }
  }
}
