internal import Core

/// One attempt to have a request answered over one connection to a model server.
///
/// Its asynchronous steps are inlined into each other, since the frame of each call that is not costs an allocation.
struct Forwarding: ~Copyable {
  let exchange: Exchange
  let connection: Connection
  let upstream: UpstreamConnection
  private var pump: RequestPump?
  /// Whether the server may have got any of the request, or has said anything.
  private var hasSent = false
  private var hasHeard = false
  var canReuseConnection = false

  /// Interim answers are dropped, but not for ever.
  private static let mostInterimAnswers = 64

  init(exchange: Exchange, upstream: UpstreamConnection) {
    self.exchange = exchange
    connection = exchange.connection
    self.upstream = upstream
  }

  var loop: EventLoop { exchange.loop }

  @inline(__always)
  mutating func run(
    _ plan: ForwardPlan, _ server: UpstreamServer, _ tap: AnswerTap
  ) async throws(ForwardFailure) {
    // Not the loop's own time, which is that of the last wait: what was done since is our cost, not the server's.
    exchange.record.upstream = UpstreamTimes(sentAt: SystemTimeline().now)
    defer { if exchange.record.upstream?.endedAt == nil { exchange.record.upstream?.endedAt = loop.now } }
    do throws(ForwardFailure) {
      if exchange.owesContinue, !exchange.bodyIsComplete { try await askForBody(plan.origin) }
      try sendRequest(plan, to: server)
      try await readHead(plan)
      exchange.record.upstream?.headAt = loop.now
      for (name, value) in plan.addedFields { exchange.addResponseField(name, value) }
      if upstream.head.status == 101 { try await tunnel(plan.origin) } else { try await relay(plan, tap) }
      if let pump, !pump.isDone {
        canReuseConnection = false
        await pump.stop()
      }
      loop.buffers.recycle(upstream.input)
    } catch {
      await pump?.stop()
      loop.buffers.recycle(upstream.input)
      throw error
    }
  }

  // MARK: The request

  /// Has a client that waits to be told send the rest of the body. The pump can't: what it wrote to the client might come
  /// into the middle of the answer.
  private func askForBody(_ origin: Origin) async throws(ForwardFailure) {
    do throws(ExchangeFailure) {
      try await exchange.sendContinue()
    } catch {
      throw hungUp(origin)?.midStream(bytesSent: 0) ?? ForwardFailure(error)
    }
  }

  /// Sends what the server takes at once, which is mostly all, and leaves the rest to a pump.
  private mutating func sendRequest(_ plan: ForwardPlan, to server: UpstreamServer) throws(ForwardFailure) {
    var request = OutgoingRequest(exchange, plan, to: server, in: upstream.output)
    let outcome = request.sendSome(exchange, on: upstream.channel)
    hasSent = request.sentBytes > 0
    if case .failed = outcome {
      request.finish(loop)
      throw endedEarly(outcome, plan.origin)
    }
    if request.isSent, exchange.bodyIsComplete { return request.finish(loop) }
    hasSent = true
    pump = RequestPump(request, exchange, to: upstream.channel)
    pump?.start()
  }

  // MARK: The answer's head

  /// Reads until there is the head of the answer proper.
  @inline(__always)
  private mutating func readHead(_ plan: ForwardPlan) async throws(ForwardFailure) {
    var parser = ResponseParser(requestMethod: exchange.method)
    var interimAnswers = 0
    let deadline = plan.firstByteTimeout.map { loop.now + Interval($0) } ?? .distantFuture
    while true {
      while !upstream.input.isEmpty, try parse(&parser, plan.origin) {
        // 101 ends the exchange of messages, so it is no interim answer (RFC 9110, section 15.2.2).
        guard upstream.head.status < 200, upstream.head.status != 101 else { return try checkUpgrade(plan.origin) }
        interimAnswers += 1
        guard interimAnswers <= Self.mostInterimAnswers else { throw .noAnswer("\(plan.origin): too many 1xx answers") }
        upstream.input.consume(upstream.head.byteCount)
      }
      let end = try await receive(from: plan.origin, until: deadline)
      if let end { throw endedEarly(end, plan.origin) }
    }
  }

  private mutating func parse(_ parser: inout ResponseParser, _ origin: Origin) throws(ForwardFailure) -> Bool {
    do throws(WireFault) {
      return try upstream.parseHead(&parser)
    } catch {
      throw .noAnswer("\(origin): \(error.message)")
    }
  }

  private func checkUpgrade(_ origin: Origin) throws(ForwardFailure) {
    guard upstream.head.status == 101 else { return }
    guard exchange.asksForUpgrade else {
      throw .noAnswer("\(origin): answered 101 though no upgrade was asked for")
    }
    // The pump still writes to the server, and so would the tunnel.
    if let pump, !pump.isDone { throw .noAnswer("\(origin): answered 101 before it had got the request") }
  }

  /// Waits for bytes from the server and appends them to the input. Returns how the stream ended, if it did.
  @inline(__always)
  mutating func receive(
    from origin: Origin, until deadline: Instant
  ) async throws(ForwardFailure) -> Transfer? {
    let (channel, input) = (upstream.channel, upstream.input)
    while true {
      guard channel.isReadable else {
        if input.isEmpty { loop.buffers.recycle(input) }
        switch await channel.waitReadable(until: deadline) {
        case .ready: continue
        case .timedOut: throw .timedOut("\(origin): no answer in time")
        case .aborted: throw pump?.failure.map(ForwardFailure.init) ?? hungUp(origin) ?? .clientGone
        }
      }
      if input.capacity == 0 { loop.buffers.lend(to: input) }
      let outcome = channel.receive(into: input)
      switch outcome {
      case .moved:
        hasHeard = true
        return nil
      case .blocked: continue
      case .ended, .failed:
        if let failure = hungUp(origin) { throw failure }
        return outcome
      }
    }
  }

  /// What becomes of the request if its connection was ended from here.
  func hungUp(_ origin: Origin) -> ForwardFailure? {
    upstream.hangUp.map { ForwardFailure($0, origin) }
  }

  private func endedEarly(_ end: Transfer, _ origin: Origin) -> ForwardFailure {
    let reason =
      if case .failed(let failure) = end { failure.reason } else { "closed the connection without an answer" }
    if !hasHeard, !exchange.hasStreamed, upstream.requestWasNotTaken(end, hasSent: hasSent) {
      return .notTaken("\(origin): \(reason)")
    }
    return .noAnswer("\(origin): \(reason)")
  }
}
