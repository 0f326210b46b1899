internal import Core

// For a handler that passes the request on by other means than `forward`.
extension Exchange {
  /// What a request passes at the server that it is passed on to.
  package enum Milestone {
    case sent, head, firstByte, end
  }

  /// The request's fields that are not of its connection alone (RFC 9110, section 7.6.1), in their order.
  package func endToEndFields(excluding excluded: KnownFieldSet) -> [(name: String, value: String)] {
    let dropped = excluded.union(.hopByHop)
    return connection.input.withBytes { bytes in
      head.fields.filter { !$0.isNamedByConnection && !dropped.contains($0.known) }
        .map { ($0.name.string(in: bytes), $0.value.string(in: bytes)) }
    }
  }

  /// Ends a wait of the handler for the client, to send more or to take what is sent, as if it had left. Anybody may call it;
  /// once the handler has returned nothing happens.
  package var interrupter: @Sendable () -> Void {
    { [loop, connection, handledRequests = connection.handledRequests] in
      loop.execute { connection.interruptHandler(after: handledRequests) }
    }
  }

  /// Sends of a further piece of the body what the client takes at once: before the answer is cut with `abort()`.
  package func sendLastWord(_ bytes: [UInt8]) {
    guard case .begun(let framing) = answer, framing != .none else { return }
    let piece = ByteBuffer()
    if framing == .chunked { piece.appendChunkSize(bytes.count) }
    piece.append(bytes)
    if framing == .chunked { piece.appendLineEnd() }
    connection.sendLastWord(piece)
  }

  /// Notes in `record` that the request passes a milestone now; of those that it passes again, the first time counts.
  package func pass(_ milestone: Milestone) {
    let now = SystemTimeline().now
    var times = record.upstream ?? UpstreamTimes(sentAt: now)
    switch milestone {
    case .sent: times = UpstreamTimes(sentAt: now)
    case .head: if times.headAt == nil { times.headAt = now }
    case .firstByte: if times.firstByteAt == nil { times.firstByteAt = now }
    case .end: if times.endedAt == nil { times.endedAt = now }
    }
    record.upstream = times
  }
}
