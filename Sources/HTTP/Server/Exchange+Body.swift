internal import Core

// Reading the request's body.
extension Exchange {
  /// Whether the request has a body at all, read or not.
  package var hasBody: Bool { head.framing != .none }

  /// Whether all of the body has been read.
  package var bodyIsComplete: Bool { decoder.isComplete }

  /// Lends what has been read of the body, without its framing.
  package func withBody<Result, Failure: Error>(
    _ use: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = head.byteCount
    return try connection.input.withBytes { bytes throws(Failure) in
      try use(bytes.extracting(start..<start + bodyBytes))
    }
  }

  /// Reads the whole body into memory.
  /// - Throws: `refused` for one that is too large, malformed or stalls, `clientGone` when it can't be whole any more.
  package func readBody() async throws(ExchangeFailure) {
    while try await readMoreBody() {}
  }

  /// Reads one more piece of the body into memory, behind what was read before. Returns false when it was complete already.
  /// - Throws: as `readBody()`.
  package func readMoreBody() async throws(ExchangeFailure) -> Bool {
    guard !decoder.isComplete else { return false }
    try checkLength()
    let before = bodyBytes
    // What came together with the head is the first piece.
    try takeIn()
    while bodyBytes == before, !decoder.isComplete {
      let began = loop.now
      if owesContinue { try await sendContinue() }
      try await waitForBody()
      bodyWait += loop.now.since(began)
      switch connection.channel.receive(into: connection.input) {
      case .moved: try takeIn()
      case .blocked: continue
      case .ended, .failed: throw .clientGone
      }
    }
    return true
  }

  /// Decodes with a copy, so that the property is only ever read and written whole, which needs no check for exclusive
  /// access.
  private func decode(_ buffer: ByteBuffer, from start: Int) throws(WireFault) -> (payload: Int, end: Int) {
    var decoder = decoder
    defer { self.decoder = decoder }
    return try decoder.decode(buffer, from: start)
  }

  /// Takes the framing off what has come since the last time.
  func takeIn() throws(ExchangeFailure) {
    do throws(WireFault) {
      let (payload, end) = try decode(connection.input, from: head.byteCount + bodyBytes)
      bodyBytes += payload
      endOfRequest = end
    } catch {
      throw refuse(error)
    }
  }

  /// Takes the framing off a piece of the body that is passed on instead of being kept. Returns how much payload now stands
  /// at the piece's front.
  func takeStreamed(_ piece: ByteBuffer) throws(ExchangeFailure) -> Int {
    hasStreamed = true
    do throws(WireFault) {
      let (payload, end) = try decode(piece, from: 0)
      // What follows the body is the next request; it belongs behind what is kept of this one.
      if decoder.isComplete {
        endOfRequest = connection.input.count
        piece.withBytes { connection.input.append($0.extracting(end...)) }
      }
      return payload
    } catch {
      throw refuse(error)
    }
  }

  /// Refuses a body that is announced as too large before any of it is read or asked for.
  func checkLength() throws(ExchangeFailure) {
    guard let length = decoder.remainingBytes, length + bodyBytes > worker.limits.bodyBytes else { return }
    throw refuse(.bodyTooLarge(limitBytes: worker.limits.bodyBytes))
  }

  /// Tells a client that waits to be told (RFC 9110, section 10.1.1) to send the body. For whoever answers, before it does.
  func sendContinue() async throws(ExchangeFailure) {
    owesContinue = false
    let interim = ByteBuffer()
    interim.append("HTTP/1.1 100 Continue\r\n\r\n")
    do throws(ExchangeFailure) {
      try await connection.send(interim)
    } catch {
      // It may have gone out in part, behind which no answer can stand.
      abort()
      throw error
    }
  }

  /// Waits until the client sends more of the body.
  func waitForBody() async throws(ExchangeFailure) {
    guard !connection.channel.isReadable else { return }
    switch await connection.channel.waitReadable(until: loop.now + worker.timeouts.bodyStall) {
    case .ready: return
    case .timedOut: throw refuse(.bodyStalled)
    case .aborted: throw .clientGone
    }
  }

  /// Notes why the request can't be taken in, for the case that the handler does not answer it.
  func refuse(_ fault: WireFault) -> ExchangeFailure {
    self.fault = fault
    keepsAlive = false
    return .refused(fault)
  }
}

/// Why a request could not be read or its answer not be sent.
package enum ExchangeFailure: Error, Hashable, Sendable {
  /// The request's body is too large, malformed or stalls. The connection can't go on; what the handler answers still goes
  /// out, and if it answers nothing, the fault does.
  case refused(WireFault)
  /// Nobody is left to answer: the client has left, or the connection was cut.
  case clientGone
}
