package import Core
package import Policies

/// Carries out what the machine decides; the only owner of the machine.
///
/// Every call is one event: it goes in, effects come out and are carried out, without a suspension in between. Slow ones
/// (sleep, wake, stop) run as tasks of their own, never in the task of the request that happened to set them off, and
/// report back with events.
package actor ModelSwitcher {
  private var machine: SwitchMachine
  var runtimes: RuntimeRegistry
  private let timeline: any Timeline
  let logger: Logger
  private let observer: Observer
  private let hangUp: @Sendable (Upstream) -> Void

  /// Reused from event to event.
  private var effects: [Effect] = []
  private var waiting: [Ticket: CheckedContinuation<Result<(Grant, Upstream), SwitchError>, Never>] = [:]
  private var commands: [CommandID: CheckedContinuation<Result<Void, SwitchError>, Never>] = [:]
  private var lastTicket: UInt64 = 0
  private var lastCommand: UInt64 = 0
  /// The slow work under way or just done, one chain a model.
  var work: [ModelID: Task<Void, Never>] = [:]
  private var timer: Task<Void, Never>?

  /// - Parameters:
  ///   - machine: must know the same models as `runtimes`.
  ///   - hangUp: ends, soon, whatever is on its way to a model's server, so that each `withModel` there comes to its end.
  ///     Called on the switcher's actor, so it must be quick.
  package init(
    machine: SwitchMachine, runtimes: [ModelID: any ModelRuntime], timeline: any Timeline,
    logger: Logger = .silent, observer: @escaping Observer = { _, _ in },
    hangUp: @escaping @Sendable (Upstream) -> Void = { _ in }
  ) {
    self.machine = machine
    self.runtimes = RuntimeRegistry(runtimes)
    self.timeline = timeline
    self.logger = logger
    self.observer = observer
    self.hangUp = hangUp
  }

  // MARK: Requests

  /// Runs `body` while the model is awake and this request is counted on it; waits for that as long as need be.
  /// - Parameters:
  ///   - deadline: until when the request may wait for its grant; it does not limit `body`.
  ///   - body: gets the grant and where to send the request. The count is given back when it returns or throws.
  /// - Throws: `SwitchError` when there was no grant (`abandoned` when the task was cancelled while it waited), else
  ///   whatever `body` throws.
  nonisolated package func withModel<Answer>(
    _ model: ModelID, deadline: Instant, _ body: (Grant, Upstream) async throws -> Answer
  ) async throws -> Answer {
    let (grant, upstream) = try await acquire(model, deadline: deadline)
    do {
      // A caller who left at the moment of the grant needs nothing more. The call has a second use: with two awaits back to
      // back, Swift 6.3 leaves the hop from the actor back to the caller's executor out, and `body` would run on the actor.
      try Task.checkCancellation()
      let answer = try await body(grant, upstream)
      await release(grant)
      return answer
    } catch {
      await release(grant)
      throw error
    }
  }

  /// Looks whether the server behind a grant still lives, after it refused or dropped a request; if not, the next request
  /// for the model is served by a fresh one. The look is not the caller's, who may leave meanwhile: one that is given up
  /// finds what a dead server shows.
  package func verify(_ grant: Grant) async {
    guard let runtime = runtimes[grant.model] else { return }
    let isAlive = await Task { await runtime.isAlive() }.value
    guard !isAlive else { return }
    send(.runtimeDied(grant.model, Death(instance: grant.instance, reason: "stopped answering")))
  }

  private func acquire(_ model: ModelID, deadline: Instant) async throws(SwitchError) -> (Grant, Upstream) {
    lastTicket += 1
    let ticket = Ticket(number: lastTicket)
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        waiting[ticket] = waiter
        send(.requestArrived(ticket, model, deadline: deadline))
      }
    } onCancel: {
      Task { await self.abandon(ticket, model) }
    }
    return try answer.get()
  }

  private func release(_ grant: Grant) { send(.requestFinished(grant)) }

  private func abandon(_ ticket: Ticket, _ model: ModelID) { send(.requestAbandoned(ticket, model)) }

  // MARK: Operators

  /// Carries out an operator's command; returns when it is done.
  /// - Throws: why it could not be done.
  package func perform(_ command: Command) async throws(SwitchError) {
    lastCommand += 1
    let id = CommandID(number: lastCommand)
    let result = await withCheckedContinuation { caller in
      commands[id] = caller
      send(.command(id, command))
    }
    try result.get()
  }

  /// The state of everything at this instant; what status pages and metrics show.
  package func snapshot() -> Snapshot { machine.snapshot(at: timeline.now) }

  /// What the models' processes are doing, as far as each of them can tell.
  package func processStates() async -> [ModelID: ProcessState] {
    var states: [ModelID: ProcessState] = [:]
    for (model, runtime) in runtimes.current { states[model] = await runtime.processState }
    return states
  }

  /// Asks the servers of these models whether they are well, all at the same time; wakes none.
  package nonisolated func health(
    of models: [ModelID]
  ) async -> [(model: ModelID, upstream: Upstream, isWell: Bool)] {
    let asked = await runtimes(of: models)
    let answers = await withTaskGroup(of: (ModelID, Bool).self) { group in
      for (model, runtime) in asked { group.addTask { (model, await runtime.isWell()) } }
      return await group.reduce(into: [ModelID: Bool]()) { $0[$1.0] = $1.1 }
    }
    return asked.map { ($0.model, $0.runtime.upstream, answers[$0.model] ?? false) }
  }

  private func runtimes(of models: [ModelID]) -> [(model: ModelID, runtime: any ModelRuntime)] {
    models.compactMap { model in runtimes[model].map { (model, $0) } }
  }

  // MARK: Configuration

  /// From now on this policy decides, also about a switch that is wanted already.
  package func replacePolicy(_ policy: any SwitchPolicy) { send(.policyReplaced(policy)) }

  /// Wakes the model as the daemon starts, unless somebody has asked for one already; nobody waits for that here.
  package func preload(_ model: ModelID) { send(.preload(model, .startup)) }

  /// Takes a new configuration on, all of it in one step. A model that is not in it any more, or is renewed, is drained
  /// and its server ended; nobody waits for that here.
  /// - Parameters:
  ///   - models: in the order of the configuration, each name once.
  ///   - newRuntimes: of the models that are new or renewed, and of no other.
  ///   - requestTimeout: how long a request may wait at most.
  ///   - preload: a model to be woken now, unless another one is in use.
  package func reconfigure(
    models: [ModelRevision], newRuntimes: [ModelID: any ModelRuntime], policy: any SwitchPolicy,
    requestTimeout: Duration, preload: ModelID? = nil
  ) {
    runtimes.take(newRuntimes, configured: Set(models.map(\.id)))
    let preloads = preload.map { [Event.preload($0, .reload)] } ?? []
    send([.policyReplaced(policy), .modelsReplaced(models, requestTimeout: requestTimeout)] + preloads)
  }

  // MARK: Life

  /// Takes notice of servers that die, until the task is cancelled. To be called once.
  package func run() async {
    await withDiscardingTaskGroup { group in
      for await (model, runtime) in runtimes.arrivals {
        // Only the reports are held on to: they end when nobody needs the runtime any more.
        let deaths = runtime.deaths
        group.addTask {
          for await death in deaths { await self.died(model, death) }
        }
      }
    }
  }

  /// Admits nobody any more and answers everyone who waits; who is in flight goes on.
  package func close() { send(.shutdown) }

  /// Ends whatever is under way and then every model. To be called after `close`.
  package func stopAll() async {
    timer?.cancel()
    await stopWork()
  }

  private func died(_ model: ModelID, _ death: Death) {
    logger.warning("a model server died", ["model": model, "reason": death.reason])
    send(.runtimeDied(model, death))
  }

  // MARK: Events and effects

  /// The one way into the machine. Nothing in it, nor in what it calls, may suspend.
  func send(_ event: Event) {
    let now = timeline.now
    effects.removeAll(keepingCapacity: true)
    machine.handle(event, at: now, effects: &effects)
    for effect in effects { carryOut(effect, now) }
  }

  /// The same for events of one moment.
  private func send(_ events: [Event]) {
    let now = timeline.now
    effects.removeAll(keepingCapacity: true)
    machine.handle(events, at: now, effects: &effects)
    for effect in effects { carryOut(effect, now) }
  }

  /// The switch that the model takes part in, for what is logged of it.
  func switchNumber(of model: ModelID) -> UInt64? {
    machine.transition.flatMap { $0.from == model || $0.to == model ? $0.number : nil }
  }

  private func carryOut(_ effect: Effect, _ now: Instant) {
    switch effect {
    case .grant(let grant): admit(grant)
    case .reject(let ticket, let error): waiting.removeValue(forKey: ticket)?.resume(returning: .failure(error))
    case .answer(let command, let result): commands.removeValue(forKey: command)?.resume(returning: result)
    case .note(let notice): observer(notice, now)
    case .setTimer(let instant): setTimer(instant)
    case .cut(let model, let requests): cut(model, requests)
    case .wake(let model): wake(model)
    case .sleep(let model, let eviction): sleep(model, eviction)
    case .stop(let model): stop(model)
    case .retire(let model): retire(model)
    }
  }

  private func admit(_ grant: Grant) {
    guard let caller = waiting.removeValue(forKey: grant.ticket) else { return }
    guard let upstream = runtimes[grant.model]?.upstream else {
      // Out of the question: the machine knows no model that has no runtime.
      return caller.resume(returning: .failure(.unknownModel(grant.model)))
    }
    caller.resume(returning: .success((grant, upstream)))
  }

  private func cut(_ model: ModelID, _ requests: Int) {
    guard let upstream = runtimes[model]?.upstream else { return }
    logger.warning(
      "cutting off requests, since the drain takes too long",
      ["switch_id": switchNumber(of: model) ?? 0, "model": model, "requests": requests])
    hangUp(upstream)
  }

  private func setTimer(_ instant: Instant) {
    timer?.cancel()
    timer = Task {
      try? await timeline.sleep(until: instant)
      if !Task.isCancelled { send(.timerFired) }
    }
  }
}
