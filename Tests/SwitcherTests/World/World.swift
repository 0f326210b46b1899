internal import Core
internal import Policies

@testable import Switcher

/// A machine together with the world that it acts on. Every effect is carried out on servers, requests and commands that
/// know what is legal; the first thing that is not is kept as `violation`.
struct World {
  private(set) var machine: SwitchMachine
  private(set) var now = Instant.zero
  let models: [ModelID]
  private(set) var limits: [ModelLimits]

  var servers: [Server]
  private(set) var waiters: [Caller] = []
  private(set) var openGrants: [Grant] = []
  private(set) var pendingCommands: [(id: CommandID, command: Command)] = []
  private(set) var timer: Instant?
  private(set) var isClosed = false
  /// The models that are configured; of the others only some servers are left.
  private(set) var configured: [ModelID]
  private(set) var lastTicket: UInt64 = 0
  private var lastCommand: UInt64 = 0
  /// Who was awake last and was not sent away by the operator.
  var lastAwake: ModelID?
  /// When each model was last used, or woken.
  var lastUse: [ModelID: Instant] = [:]
  /// When each model fell asleep, as far as it has slept since.
  var asleepSince: [ModelID: Instant] = [:]
  /// The last request that had come when the latest switch began: nobody after it is admitted to the model that leaves.
  private var drainLine: Ticket?
  /// The drain under way.
  private(set) var drain: Drain?

  /// What happens at one instant, while it is being put together.
  private var gathered: [Event]?

  private(set) var violation: String?
  /// What the machine said in answer to the last event.
  private(set) var effects: [Effect] = []
  private(set) var refusals: [Ticket: SwitchError] = [:]
  private(set) var results: [CommandID: Result<Void, SwitchError>] = [:]
  private(set) var records: [SwitchRecord] = []
  /// Each time that requests were cut off: when, and how many.
  private(set) var cuts: [Cut] = []
  /// All that those who look on were ever told.
  private(set) var notices: [Notice] = []
  var toldStates: [ModelID: LifecycleState] = [:]
  var toldMode: Mode = .auto

  struct Drain: Hashable {
    let model: ModelID
    let began: Instant
    /// When it last had requests cut off.
    var lastCut: Instant?
  }

  struct Cut: Hashable {
    let model: ModelID
    let requests: Int
    let at: Instant
  }

  /// A request that waits.
  struct Caller: Hashable {
    let ticket: Ticket
    let model: ModelID
    let deadline: Instant
  }

  init(_ models: [ModelID], limits: [ModelID: ModelLimits] = [:], policy: any SwitchPolicy = FIFO(minActive: .zero)) {
    self.models = models
    self.limits = models.map { limits[$0] ?? ModelLimits() }
    servers = models.map { _ in Server() }
    configured = models
    machine = SwitchMachine(
      models: zip(models, self.limits).map { ($0, $1) }, policy: policy, requestTimeout: .seconds(300), at: .zero)
  }

  func index(of model: ModelID) -> Int { models.firstIndex(of: model) ?? models.endIndex }

  // MARK: What can happen

  @discardableResult
  mutating func arrive(_ model: ModelID, patience: Duration? = nil) -> Ticket {
    lastTicket += 1
    let ticket = Ticket(number: lastTicket)
    let deadline = patience.map { now + $0 } ?? .distantFuture
    let isTried = isTried(model)
    waiters.append(Caller(ticket: ticket, model: model, deadline: deadline))
    send(.requestArrived(ticket, model, deadline: deadline))
    if gathered == nil, isTried, waiters.contains(where: { $0.ticket == ticket }) {
      report("request \(ticket.number) waits for \(model), which one request tries already")
    }
    return ticket
  }

  /// Whether one request, and no operator, tries a model that has failed too often.
  private func isTried(_ model: ModelID) -> Bool {
    guard let index = machine.index(of: model), machine.models[index].awake == nil,
      machine.models[index].breakerState(at: now) != .closed
    else { return false }
    let coming = machine.transition.flatMap { $0.to == model && !$0.isGivingUp ? $0 : nil }
    return coming.map { $0.commands.isEmpty } ?? waiters.contains { $0.model == model }
  }

  mutating func abandon(_ ticket: Ticket) {
    guard let waiter = waiters.first(where: { $0.ticket == ticket }) else { return }
    send(.requestAbandoned(ticket, waiter.model))
    if gathered == nil, waiters.contains(waiter) { report("request \(ticket.number) left and still waits") }
  }

  mutating func finish(_ ticket: Ticket) {
    guard let position = openGrants.firstIndex(where: { $0.ticket == ticket }) else { return }
    let grant = openGrants.remove(at: position)
    // What is left of a dead instance is no use of its successor.
    if grant.instance == servers[index(of: grant.model)].instance { lastUse[grant.model] = now }
    send(.requestFinished(grant))
  }

  mutating func finishAll() {
    while let grant = openGrants.first { finish(grant.ticket) }
  }

  /// The slow work under way on the model ends well.
  mutating func succeed(_ model: ModelID) {
    guard let event = servers[index(of: model)].succeed(model) else { return }
    switch event {
    case .woke:
      lastUse[model] = now
      asleepSince[model] = nil
    case .slept: asleepSince[model] = now
    case .retired: asleepSince[model] = nil
    default: break
    }
    send(event)
  }

  mutating func fail(_ model: ModelID) {
    if let event = servers[index(of: model)].fail(model) { send(event) }
  }

  /// The model's server dies; nobody knows of it before `reportDeath`.
  mutating func crash(_ model: ModelID) { servers[index(of: model)].crash() }

  /// The model's server answers nobody any more but goes on; nobody knows of it before `reportDeath`.
  mutating func hang(_ model: ModelID) { servers[index(of: model)].hang() }

  mutating func reportDeath(_ model: ModelID) {
    guard let instance = servers[index(of: model)].unreportedDeath else { return }
    servers[index(of: model)].unreportedDeath = nil
    asleepSince[model] = nil
    send(.runtimeDied(model, Death(instance: instance, reason: "crashed")))
  }

  mutating func die(_ model: ModelID) {
    crash(model)
    reportDeath(model)
  }

  /// The model's server dies, and what is left of it is ended.
  mutating func perish(_ model: ModelID) {
    die(model)
    succeed(model)
  }

  @discardableResult
  mutating func command(_ command: Command) -> CommandID {
    lastCommand += 1
    let id = CommandID(number: lastCommand)
    pendingCommands.append((id, command))
    send(.command(id, command))
    return id
  }

  mutating func preload(_ model: ModelID, _ trigger: Trigger = .startup) { send(.preload(model, trigger)) }

  mutating func replacePolicy(_ policy: any SwitchPolicy) { send(.policyReplaced(policy)) }

  /// The configuration is read anew: it has these models, those of `renewed` with other settings for their servers.
  mutating func reconfigure(_ models: [ModelID], renewed: Set<ModelID> = [], limits: [ModelID: ModelLimits] = [:]) {
    configured = models
    for model in self.models where !models.contains(model) { asleepSince[model] = nil }
    for (model, limits) in limits { self.limits[index(of: model)] = limits }
    if let lastAwake, !models.contains(lastAwake) { self.lastAwake = nil }
    let revisions = models.map { model in
      ModelRevision(id: model, limits: self.limits[index(of: model)], isRenewed: renewed.contains(model))
    }
    send(.modelsReplaced(revisions, requestTimeout: .seconds(300)))
  }

  mutating func shutDown() {
    isClosed = true
    send(.shutdown)
    if !waiters.isEmpty || !pendingCommands.isEmpty { report("the shutdown left somebody without an answer") }
  }

  /// The timer fires, on time or, where the clock is past it already, late.
  mutating func fireTimer() {
    guard let timer else { return }
    now = max(now, timer)
    self.timer = nil
    send(.timerFired)
  }

  /// Time passes; timers fire as they come due.
  mutating func pass(_ duration: Duration) {
    let end = now + duration
    for _ in 0..<10_000 {
      guard let timer, timer <= end, violation == nil else {
        now = max(now, end)
        return
      }
      fireTimer()
    }
    report("the timer fires and fires")
  }

  /// Time passes, and the timer is late.
  mutating func oversleep(_ duration: Duration) { now = now + duration }

  // MARK: What the machine makes of it

  /// Lets all that `steps` do happen at the same instant.
  mutating func atOnce(_ steps: (inout World) -> Void) {
    gathered = []
    steps(&self)
    let events = gathered ?? []
    gathered = nil
    if !events.isEmpty { deliver(events) }
  }

  private mutating func send(_ event: Event) {
    if gathered == nil { deliver([event]) } else { gathered?.append(event) }
  }

  private mutating func deliver(_ events: [Event]) {
    let switches = machine.switchCount
    effects.removeAll(keepingCapacity: true)
    if events.count == 1 {
      machine.handle(events[0], at: now, effects: &effects)
    } else {
      machine.handle(events, at: now, effects: &effects)
    }
    if machine.switchCount != switches { drainLine = Ticket(number: lastTicket) }
    for effect in effects { carryOut(effect) }
    for case .retired(let model) in events where machine.index(of: model) == nil { toldStates[model] = nil }
    if machine.switchCount != switches, machine.mode.isManual { checkReason(events) }
    checkBooks()
  }

  private mutating func carryOut(_ effect: Effect) {
    switch effect {
    case .grant(let grant): admit(grant)
    case .reject(let ticket, let error):
      guard let position = waiters.firstIndex(where: { $0.ticket == ticket }) else {
        return report("request \(ticket.number) was answered twice: \(error)")
      }
      waiters.remove(at: position)
      refusals[ticket] = error
    case .cut(let model, let requests):
      checkCut(model, requests)
      drain?.lastCut = now
      cuts.append(Cut(model: model, requests: requests, at: now))
    case .sleep(let model, let eviction):
      checkSleep(model)
      servers[index(of: model)].work = .sleeping(eviction)
    case .wake(let model):
      checkWake(model)
      servers[index(of: model)].beginWake()
    case .stop(let model):
      checkStop(model)
      if servers[index(of: model)].work == .waking { servers[index(of: model)].body = .broken }
      servers[index(of: model)].work = .stopping
    case .retire(let model):
      checkRetirement(model)
      servers[index(of: model)].isRetiring = true
    case .setTimer(let instant):
      if instant < now { report("the timer was set \(now - instant) ago") }
      timer = instant
    case .answer(let command, let result):
      guard let position = pendingCommands.firstIndex(where: { $0.id == command }) else {
        return report("command \(command.number) was answered twice")
      }
      let done = pendingCommands.remove(at: position).command
      if case .success = result { checkSuccess(done) }
      results[command] = result
    case .note(let notice): look(at: notice)
    }
  }

  private mutating func look(at notice: Notice) {
    notices.append(notice)
    switch notice {
    case .switchEnded(let record):
      if let last = records.last, last.number >= record.number { report("switch \(record.number) ended out of turn") }
      records.append(record)
      drain = nil
    case .modelChanged(let change):
      let state = toldStates[change.model] ?? .stopped
      if change.from != state || change.from == change.to { report("\(change) was told of one that is \(state)") }
      toldStates[change.model] = change.to
    case .modeChanged(let mode): toldMode = mode
    case .modelsReplaced(let change):
      if change.models != configured { report("told of \(change.models)") }
    case .switchDecided(let decision): drain = decision.from.map { Drain(model: $0, began: now) }
    case .phaseEntered(let phase, _): if phase != .drain { drain = nil }
    case .policyReplaced, .modelRestarted, .requestStarved: break
    }
  }

  private mutating func admit(_ grant: Grant) {
    let ticket = grant.ticket
    guard let position = waiters.firstIndex(where: { $0.ticket == ticket }) else {
      return report("request \(ticket.number) was granted without waiting")
    }
    let waiter = waiters.remove(at: position)
    let server = servers[index(of: grant.model)]
    let inFlight = openGrants.count { $0.model == grant.model && $0.instance == server.instance }
    if !configured.contains(grant.model) { report("\(grant.model) was granted and is not configured") }
    if let line = drainLine, machine.transition?.from == grant.model, ticket > line {
      report("request \(ticket.number) came after the drain of \(grant.model) began")
    }
    if let limit = drainLimit, drain?.model == grant.model, now >= limit {
      report("request \(ticket.number) was granted after the drain of \(grant.model) should have ended")
    }
    if waiter.model != grant.model { report("request \(ticket.number) was granted \(grant.model)") }
    if waiters.contains(where: { $0.model == grant.model && $0.ticket < ticket }) {
      report("request \(ticket.number) overtook another one")
    }
    if grant.waited, waiter.deadline <= now { report("request \(ticket.number) was granted after its time") }
    if server.work != nil || !server.seemsAwake { report("\(grant.model) was granted while it is \(server)") }
    if server.instance != grant.instance { report("\(grant.model) was granted on a dead instance") }
    if inFlight >= limits[index(of: grant.model)].maxInFlight ?? .max { report("\(grant.model) got too many requests") }
    openGrants.append(grant)
  }

  mutating func report(_ violation: String) {
    if self.violation == nil { self.violation = violation }
  }
}

extension FIFO {
  init(minActive: Duration) { self.init(options: PolicyOptions(["min_active_secs": minActive.seconds])) }
}

extension Event {
  var isFailedStop: Bool {
    if case .stopFailed = self { true } else { false }
  }
}
