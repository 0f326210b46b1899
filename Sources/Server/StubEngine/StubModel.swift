internal import Core

/// The owner of an engine's state: feeds events to it, and carries out what comes of them.
actor StubModel {
  typealias Ticket = EngineScheduler.Ticket
  typealias Outputs = AsyncStream<EngineScheduler.Output>

  private let timeline: any Timeline
  private let gpu: GPULock?
  private var state: EngineState
  private var lastTicket = 0
  private var requests: [Ticket: Outputs.Continuation] = [:]
  private var calls: [Ticket: CheckedContinuation<EngineAnswer, Never>] = [:]
  private var alarm: (deadline: Instant, task: Task<Void, Never>)?

  /// - Parameter gpu: what the engine holds while it is awake, taken already; nil when there is always enough.
  init(_ options: StubEngineOptions, gpu: GPULock?, timeline: any Timeline) {
    self.timeline = timeline
    self.gpu = gpu
    state = EngineState(options)
  }

  var statistics: EngineStatistics { state.statistics }

  /// Has so many tokens made, and lends what comes out to `body`: tokens, then an end. It comes to an early end when the
  /// task is cancelled. A request that `body` has not read to its end is taken back.
  nonisolated func withAnswer(tokens: Int, _ body: (Outputs) async throws -> Void) async throws {
    let (ticket, outputs) = await begin(tokens: tokens)
    do {
      // Also what brings the task back from the actor's thread: between the awaits of an actor and of a nonisolated
      // closure alone, Swift 6.3 leaves that out, and the closure would run off its event loop.
      try Task.checkCancellation()
      try await body(outputs)
    } catch {
      await abandon(ticket)
      throw error
    }
    await abandon(ticket)
  }

  private func begin(tokens: Int) -> (Ticket, Outputs) {
    let ticket = nextTicket()
    let (outputs, continuation) = Outputs.makeStream()
    requests[ticket] = continuation
    send(.requestArrived(ticket, tokens: tokens))
    return (ticket, outputs)
  }

  /// No fault when the request has ended already.
  private func abandon(_ ticket: Ticket) {
    requests[ticket] = nil
    send(.requestAbandoned(ticket))
  }

  /// Carries a control call out, after those before it. It goes on to its end also when nobody waits for it any more.
  func perform(_ call: EngineCall) async -> EngineAnswer {
    await withCheckedContinuation { continuation in
      let ticket = nextTicket()
      calls[ticket] = continuation
      send(.called(ticket, call))
    }
  }

  private func nextTicket() -> Ticket {
    lastTicket += 1
    return Ticket(number: lastTicket)
  }

  private func send(_ event: EngineState.Event) {
    for effect in state.handle(event, at: timeline.now) {
      switch effect {
      case .output(let ticket, let output):
        requests[ticket]?.yield(output)
        if case .token = output { continue }
        requests.removeValue(forKey: ticket)?.finish()
      case .answer(let ticket, let answer): calls.removeValue(forKey: ticket)?.resume(returning: answer)
      case .takeGPU: send(gpu?.take() ?? true ? .gpuTaken : .gpuRefused)
      case .releaseGPU: gpu?.release()
      }
    }
    setAlarm()
  }

  private func setAlarm() {
    let deadline = state.nextDeadline
    guard deadline != alarm?.deadline else { return }
    alarm?.task.cancel()
    alarm = deadline.map { deadline in
      let task = Task {
        // A cancelled sleep was for a deadline that nobody waits for any more.
        guard (try? await timeline.sleep(until: deadline)) != nil, !Task.isCancelled else { return }
        alarm = nil
        send(.timerFired)
      }
      return (deadline, task)
    }
  }
}
