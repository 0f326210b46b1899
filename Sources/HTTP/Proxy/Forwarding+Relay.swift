internal import Core

// Passing the answer on.
extension Forwarding {
  /// Up to this size a piece is copied behind what goes before it, which costs less than sending it in place.
  private static let mostCopiedBytes = 8_192

  /// Sends the answer to the client, each piece as it comes, and reads on only when the client has taken it.
  @inline(__always) mutating func relay(_ plan: ForwardPlan, _ tap: AnswerTap) async throws(ForwardFailure) {
    let stall = plan.stallTimeout.map(Interval.init)
    var decoder = BodyDecoder(upstream.head.framing)
    let (input, out) = (upstream.input, connection.output)
    loop.buffers.lend(to: out)
    defer { loop.buffers.recycle(out) }
    let framing = exchange.appendForwardedHead(to: out, upstream.head, in: input)
    exchange.answer = .begun(framing)
    var start = upstream.head.byteCount
    let form = upstream.answerForm
    var progress = Progress(framing: framing, isEventStream: upstream.head.isEventStream)
    while true {
      let payload: Range<Int>
      do throws(WireFault) {
        let (payloadBytes, end) = try decoder.decode(input, from: start)
        payload = start..<start + payloadBytes
        canReuseConnection = decoder.isComplete && upstream.head.keepAlive && end == input.count
      } catch {
        throw breakOff(plan, .noAnswer(error.message), progress)
      }
      progress.note(input, payload)
      note(payload, isLast: decoder.isComplete)
      if form != .other { input.withBytes { tap($0.extracting(payload), form) } }
      try await deliver(payload, framing, isLast: decoder.isComplete, plan.origin)
      if decoder.isComplete { break }
      input.removeAll()
      start = 0
      if !upstream.channel.isReadable { loop.buffers.recycle(out) }
      let end: Transfer?
      do throws(ForwardFailure) {
        end = try await receive(from: plan.origin, until: stall.map { loop.now + $0 } ?? .distantFuture)
      } catch {
        throw breakOff(plan, error, progress)
      }
      guard let end else { continue }
      guard case .ended = end, decoder.mayEndWithConnection else {
        throw breakOff(plan, .noAnswer("\(plan.origin): ended the answer before it was complete"), progress)
      }
      try await deliver(0..<0, framing, isLast: true, plan.origin)
      break
    }
    exchange.answer = .finished
  }

  private func note(_ payload: Range<Int>, isLast: Bool) {
    exchange.record.bodyBytes += payload.count
    if exchange.record.upstream?.firstByteAt == nil, !payload.isEmpty {
      exchange.record.upstream?.firstByteAt = loop.now
    }
    if isLast { exchange.record.upstream?.endedAt = loop.now }
  }

  /// Sends what stands in the client's output, then a piece of the body in its framing.
  @inline(__always) private func deliver(
    _ payload: Range<Int>, _ framing: BodyFraming, isLast: Bool, _ origin: Origin
  ) async throws(ForwardFailure) {
    let (client, input, out) = (connection.channel, upstream.input, connection.output)
    let stall = connection.worker.timeouts.writeStall
    let isChunk = framing == .chunked && !payload.isEmpty
    let isSent: Bool
    if isChunk { out.appendChunkSize(payload.count) }
    if payload.count <= Self.mostCopiedBytes {
      input.withBytes { out.append($0.extracting(payload)) }
      if isChunk { out.appendLineEnd() }
      if isLast, framing == .chunked { out.appendLastChunk() }
      isSent = if out.isEmpty { true } else { await client.sendAll(out, stall: stall) }
    } else {
      let back = ByteBuffer()
      if isChunk { back.appendLineEnd() }
      if isLast, framing == .chunked { back.appendLastChunk() }
      isSent = await client.sendAll(out, input, payload, back, stall: stall)
    }
    guard isSent else {
      exchange.abort()
      throw hungUp(origin)?.midStream(bytesSent: exchange.record.bodyBytes) ?? .clientGone
    }
    out.removeAll()
  }

  // MARK: When the answer breaks off

  /// What has gone to the client of an answer that is not whole yet.
  private struct Progress {
    let framing: BodyFraming
    let isEventStream: Bool
    /// Whether the last event was ended with its empty line.
    var isBetweenEvents = true

    mutating func note(_ input: ByteBuffer, _ payload: Range<Int>) {
      guard isEventStream, payload.count >= 2 else { return }
      isBetweenEvents = input.withBytes { bytes in
        bytes[payload.upperBound - 1] == .lineFeed
          && (bytes[payload.upperBound - 2] == .lineFeed || bytes[payload.upperBound - 2] == .carriageReturn)
      }
    }
  }

  private func breakOff(_ plan: ForwardPlan, _ failure: ForwardFailure, _ progress: Progress) -> ForwardFailure {
    switch failure {
    case .clientGone where connection.channel.peerHasEnded: goneAway()
    default: tellAndCut(plan, failure.midStream(bytesSent: exchange.record.bodyBytes), progress)
    }
  }

  private func goneAway() -> ForwardFailure {
    exchange.abort()
    return .clientGone
  }

  /// Tells the client, where it can be told, and cuts it off without a proper end.
  private func tellAndCut(_ plan: ForwardPlan, _ failure: ForwardFailure, _ progress: Progress) -> ForwardFailure {
    if progress.isEventStream, progress.framing == .chunked {
      let event = ByteBuffer()
      event.append(progress.isBetweenEvents ? "event: error\ndata: " : "\n\nevent: error\ndata: ")
      event.append(plan.midStreamError(failure))
      event.append("\n\n")
      let chunk = ByteBuffer()
      chunk.appendChunkSize(event.count)
      event.withBytes { chunk.append($0) }
      chunk.appendLineEnd()
      connection.sendLastWord(chunk)
    }
    exchange.abort()
    return failure
  }
}

extension UpstreamConnection {
  /// What the body of the answer is whose head has just come.
  fileprivate var answerForm: AnswerForm {
    guard 200..<300 ~= head.status, head.fields.value(of: .contentEncoding) == nil else { return .other }
    return head.isEventStream ? .eventStream : head.isJSON ? .json : .other
  }
}

extension Exchange {
  /// Writes the head of the server's answer as the client gets it. Returns how its body is framed.
  fileprivate func appendForwardedHead(
    to out: ByteBuffer, _ answer: ResponseHead, in input: ByteBuffer
  ) -> BodyFraming {
    let hasNoBody = method == .head || answer.status == 204 || answer.status == 304
    let framing: BodyFraming =
      switch answer.framing {
      case .none, .length: answer.framing
      case .chunked, .untilClose: isHTTP10 ? .untilClose : .chunked
      }
    // Without a body the length is that of another answer (RFC 9110, section 8.6), and only passed on.
    let dropped: KnownFieldSet = hasNoBody && answer.status != 204 ? [] : [.contentLength]
    record.status = answer.status
    out.appendStatusLine(answer.status)
    input.withBytes { bytes in
      out.appendFields(answer.fields, of: bytes, end: answer.byteCount, excluding: dropped.union(replacedFields))
    }
    if answer.fields.value(of: .date) == nil { appendDate(to: out) }
    // Proxies before us, nginx among them, are not to hold events back.
    if answer.isEventStream { out.append("X-Accel-Buffering: no\r\n") }
    appendOwnFields(to: out, framing: framing)
    if !hasNoBody { out.appendFraming(framing) }
    out.appendLineEnd()
    return framing
  }
}
