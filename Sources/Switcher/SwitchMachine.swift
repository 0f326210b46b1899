package import Core
package import Policies

/// The switcher's mind: who is in flight, who waits, which model is awake and which switch is under way.
///
/// A pure value. It is told what happened and when, and says what to do; it reads no clock and waits for nothing. What
/// always holds (and is tested over every schedule of small worlds):
/// - a model is put to sleep only when nothing is in flight on it, and none is woken before the other is gone;
/// - at most one model is awake or on its way there;
/// - a model that died, or would not end, keeps the GPU until its end is certain;
/// - every ticket is answered exactly once, and a grant is the count: being ready and being counted is one step;
/// - at rest nobody waits for a model that could be served;
/// - in manual mode nothing happens that the operator did not ask for.
package struct SwitchMachine: Sendable {
  /// The models in the order of the configuration, which breaks ties.
  var models: [ModelState]
  private var indices: [ModelID: Int]
  /// The model that is awake, if any: an index into `models`, kept where a presence changes.
  private(set) var holder: Int?
  /// The model that may hold the GPU although nobody can use it: whoever is woken next, its end comes first.
  var lost: Int? { models.firstIndex { $0.lossReason != nil } }
  /// The model that gets the GPU back when nobody uses it, if there is one: an index into `models`.
  private(set) var defaultModel: Int?
  /// Who held the GPU last and was not sent away by the operator: what manual mode without a pin serves.
  var lastHolder: ModelID?

  var transition: Transition?
  /// Operator's wishes that wait for the transition to end, in order.
  var goals: [Goal] = []
  /// The mode without the pins that are still to be had.
  var settledMode: Mode = .auto
  /// Pins whose switches are not done yet, in order; each counts from the command on and is dropped if it fails.
  var pendingPins: [(command: CommandID, model: ModelID)] = []
  /// The models, asleep or lost, that are being ended beside whatever else goes on, and who waits for that.
  var endings: [ModelID: [CommandID]] = [:]

  var policy: any SwitchPolicy
  var costs = SwitchCosts()
  var requestTimeout: Duration
  var rechecks = Rechecks()
  /// Since when the policy has held back a wanted switch for the active model's least time.
  var cooldownSince: Instant?
  /// The mode that those who look on were last told of.
  var toldMode: Mode = .auto

  /// How many wait, over all models: while it is 0, no request needs more than its own model's count.
  var waitingCount = 0
  private var lastTicket = Ticket(number: 0)
  var switchCount: UInt64 = 0
  private var timer: Instant?
  private var isClosing = false
  /// Whether a model departs whose server has not been told to end yet.
  var isChanging = false
  var gpuTime: GPUTime
  var tally = PolicyTally()

  /// - Parameters:
  ///   - models: in the order of the configuration, each name once.
  ///   - requestTimeout: how long a request may wait at most, for the policies' sense of proportion.
  package init(
    models: [(id: ModelID, limits: ModelLimits)], policy: any SwitchPolicy, requestTimeout: Duration, at start: Instant
  ) {
    self.models = models.map { ModelState(id: $0.id, limits: $0.limits, start: start) }
    indices = Dictionary(models.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    defaultModel = models.firstIndex { $0.limits.returnDelay != nil }
    self.policy = policy
    self.requestTimeout = requestTimeout
    gpuTime = GPUTime(start: start)
  }

  /// Takes in what happened at `now` and appends what is to be done, in order.
  package mutating func handle(_ event: Event, at now: Instant, effects: inout [Effect]) {
    apply(event, now, &effects)
    settle(now, isOfRequests: event.isOfRequest, &effects)
  }

  /// Takes in several things that happened at the same instant before deciding anything, as a simulation needs it.
  package mutating func handle(_ events: [Event], at now: Instant, effects: inout [Effect]) {
    for event in events { apply(event, now, &effects) }
    settle(now, isOfRequests: events.allSatisfy(\.isOfRequest), &effects)
  }

  private mutating func apply(_ event: Event, _ now: Instant, _ effects: inout [Effect]) {
    switch event {
    case .requestArrived(let ticket, let model, let deadline):
      arrived(Waiter(ticket: ticket, arrival: now, deadline: deadline), model, now, &effects)
    case .requestAbandoned(let ticket, let model): abandoned(ticket, model, now, &effects)
    case .requestFinished(let grant): finished(grant, now)
    case .slept(let model, let residence): slept(model, residence, now, &effects)
    case .sleepFailed(let model, let message): sleepFailed(model, message, now, &effects)
    case .woke(let model, let instance): woke(model, instance, now, &effects)
    case .wakeFailed(let model, let failure):
      wakeFailed(model, SwitchFailure.Reason(failure.cause), failure.message, now, &effects)
    case .stopped(let model): stopped(model, now, &effects)
    case .stopFailed(let model, let message): stopFailed(model, message, now, &effects)
    case .runtimeDied(let model, let death): died(model, death, now, &effects)
    case .retired(let model): retired(model, now, &effects)
    case .retireFailed(let model, let message): retireFailed(model, message, now, &effects)
    case .command(let id, let command): commanded(id, command, now, &effects)
    case .policyReplaced(let policy):
      self.policy = policy
      effects.append(.note(.policyReplaced(name: type(of: policy).name)))
    case .modelsReplaced(let revisions, let requestTimeout):
      replaceModels(revisions, requestTimeout: requestTimeout, now, &effects)
    case .shutdown: close(&effects)
    case .preload(let model, let trigger): preload(model, trigger, now, &effects)
    case .timerFired: timer = nil
    }
  }

  /// Brings the machine to rest: expires, admits, moves the switch on, and starts the next one where there is reason to.
  private mutating func settle(_ now: Instant, isOfRequests: Bool, _ effects: inout [Effect]) {
    rechecks.pass(now)
    if !isOfRequests || waitingCount > 0 || transition != nil || !goals.isEmpty || isChanging || isIdleTooLong(now) {
      expire(now, &effects)
      repeat {
        retire(now, &effects)
        cancelMoot(now, &effects)
        admit(now, &effects)
        advance(now, &effects)
        rejectUnservable(&effects)
      } while !isClosing && pursue(now, &effects)
      setTimer(now, &effects)
      tellChanges(now, &effects)
    } else {
      forgetDecision()
      if idleDueAt != nil { setTimer(now, &effects) }
    }
    account(now)
  }

  private mutating func account(_ now: Instant) {
    if let transition {
      switch transition.stage {
      case .draining: gpuTime.enter(model: transition.from, use: .draining, at: now)
      case .sleeping, .stoppingOld: gpuTime.enter(model: transition.from, use: .sleeping, at: now)
      case .waking, .stoppingNew: gpuTime.enter(model: transition.to, use: .waking, at: now)
      }
    } else if let index = holder ?? lost {
      let busy = models[index].inFlight > 0
      let use: GPUUse = busy ? .serving : waitingCount > models[index].queue.count ? .holding : .idle
      gpuTime.enter(model: models[index].id, use: use, at: now)
    } else {
      gpuTime.enter(model: nil, use: .empty, at: now)
    }
  }

  // MARK: Time

  /// Until when everything that was due has been done: now, unless the timer is late.
  func upToDateUntil(_ now: Instant) -> Instant { min(timer ?? now, now) }

  private func nextDeadline(_ now: Instant) -> Instant {
    var next = min(rechecks.next ?? .distantFuture, idleDueAt ?? .distantFuture, cutDueAt ?? .distantFuture)
    for index in models.indices {
      next = min(next, models[index].queue.nextDeadline, models[index].breaker.until ?? .distantFuture)
      if !models[index].queue.isEmpty, let wake = earliestWake(index), wake > now { next = min(next, wake) }
    }
    return next
  }

  /// Sets the timer only to make it earlier: one that fires too early costs less than setting it at every event.
  private mutating func setTimer(_ now: Instant, _ effects: inout [Effect]) {
    let next = nextDeadline(now)
    guard next < timer ?? .distantFuture else { return }
    timer = next
    effects.append(.setTimer(next))
  }

  // MARK: Shared by the extensions

  var mode: Mode { pendingPins.last.map { .manual(pinned: $0.model) } ?? settledMode }

  /// Where the model is in `models`, one that is being removed included.
  func index(of id: ModelID) -> Int? { indices[id] }

  /// The one place where the list of models changes.
  mutating func adopt(_ models: [ModelState]) {
    self.models = models
    indices = Dictionary(models.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    holder = models.firstIndex { $0.awake != nil }
    defaultModel = models.firstIndex { $0.limits.returnDelay != nil && $0.departure != .removal }
  }

  var lastIssuedTicket: Ticket { lastTicket }

  mutating func issue(_ ticket: Ticket) { lastTicket = ticket }

  var acceptsRequests: Bool { !isClosing }

  /// The one place where a model comes or goes.
  mutating func setPresence(_ index: Int, _ presence: Presence) {
    models[index].presence = presence
    if case .awake = presence {
      holder = index
      lastHolder = models[index].id
      models[index].rest = nil
    } else if holder == index {
      holder = nil
    }
  }

  private mutating func close(_ effects: inout [Effect]) {
    isClosing = true
    rechecks.removeAll()
    for index in models.indices { rejectQueue(index, .shuttingDown, &effects) }
    let commands = goals.map(\.command) + (transition?.commands ?? []) + endings.values.joined()
    answer(commands, .failure(.shuttingDown), &effects)
    goals = []
    transition?.commands = []
    endings = endings.mapValues { _ in [] }
  }
}
