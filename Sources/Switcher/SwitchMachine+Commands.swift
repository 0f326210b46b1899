internal import Core
internal import Policies

/// A state that the operator wants the machine to reach, in its turn.
struct Goal: Hashable, Sendable {
  enum Wish: Hashable, Sendable {
    case awake(ModelID, Trigger)
    case asleep(ModelID, Eviction?)
  }

  let command: CommandID
  let wish: Wish
}

/// What the operator and the policy set off.
extension SwitchMachine {
  mutating func commanded(_ id: CommandID, _ command: Command, _ now: Instant, _ effects: inout [Effect]) {
    guard acceptsRequests else { return answer([id], .failure(.shuttingDown), &effects) }
    if let model = command.model, !isConfigured(model) {
      return answer([id], .failure(.unknownModel(model)), &effects)
    }
    switch command {
    case .auto, .unpin:
      settledMode = .auto
      pendingPins = []
      answer([id], .success(()), &effects)
    case .manual:
      settledMode = .manual(pinned: settledMode.pinned)
      answer([id], .success(()), &effects)
    case .pin(let model):
      pendingPins.append((id, model))
      want(Goal(command: id, wish: .awake(model, .pin)), now, &effects)
    case .force(let model), .wake(let model):
      if mode.pinned != nil { pendingPins.append((id, model)) }
      want(Goal(command: id, wish: .awake(model, .force)), now, &effects)
    case .sleep(let model, let eviction):
      want(Goal(command: id, wish: .asleep(model, eviction)), now, &effects)
    case .setEviction(let model, let eviction):
      if let index = index(of: model) { models[index].eviction = eviction }
      answer([id], .success(()), &effects)
    }
  }

  /// Takes the switch under way back where it has not yet done anything against the goal. Then, unless something else is
  /// to be done before, joins it where it leads there, goes beside it where it is about other models, and else waits.
  private mutating func want(_ goal: Goal, _ now: Instant, _ effects: inout [Effect]) {
    switch goal.wish {
    case .awake(let model, _):
      if transition?.from == model { supersede("\(model) was asked to stay", now, &effects) }
    case .asleep(let model, _):
      dismiss(model)
      if transition?.to == model {
        supersede("\(model) was put to sleep", now, &effects)
        // Else it would come back by itself at once: the last model has not been used for long enough by then.
        if transition?.trigger == .idle { lastHolder = nil }
        abortWake(now, &effects)
      }
    }
    guard goals.isEmpty, let transition else { return goals.append(goal) }
    if transition.leads(to: goal.wish) {
      self.transition?.commands.append(goal.command)
    } else if case .asleep(let model, _) = goal.wish, model != transition.to, holder != index(of: model) {
      pursue(goal, now, &effects)
    } else {
      goals.append(goal)
    }
  }

  /// Whom the operator sends to sleep does not come back by itself in manual mode, even if it is asleep already.
  private mutating func dismiss(_ model: ModelID) {
    if lastHolder == model, holder != index(of: model) { lastHolder = nil }
  }

  /// Ends a switch that has not got beyond the drain.
  private mutating func supersede(_ message: String, _ now: Instant, _ effects: inout [Effect]) {
    guard let current = transition, current.isDraining else { return }
    transition?.commands = []
    answer(current.commands, .failure(.superseded(message: message)), &effects)
    end(.cancelled, now, &effects)
  }

  /// Starts the next switch that the operator, the mode or the policy wants. True when the machine must settle again.
  mutating func pursue(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    guard transition == nil else { return false }
    if isHolderDeparting {
      begin(to: nil, trigger: .reload, now, &effects)
      return true
    }
    if !goals.isEmpty {
      pursue(goals.removeFirst(), now, &effects)
      return true
    }
    return mode.isManual ? restoreServed(now, &effects) : askPolicy(now, &effects) || restIdle(now, &effects)
  }

  private mutating func pursue(_ goal: Goal, _ now: Instant, _ effects: inout [Effect]) {
    switch goal.wish {
    case .awake(let model, let trigger):
      guard holder != index(of: model) else { return answer([goal.command], .success(()), &effects) }
      begin(to: model, trigger: trigger, commands: [goal.command], now, &effects)
    case .asleep(let model, let eviction):
      guard let index = index(of: model) else { return }
      dismiss(model)
      switch models[index].presence {
      case .awake:
        begin(to: nil, trigger: .force, eviction: eviction, commands: [goal.command], now, &effects)
      case .asleep where eviction?.process == .stop, .lost:
        // Nobody is in flight on it and nobody is to be woken, so no switch is needed for it.
        endServer(of: index, telling: [goal.command], &effects)
      case .asleep, .stopped:
        answer([goal.command], .success(()), &effects)
      }
    }
  }

  /// In manual mode the one model that is served comes back when somebody waits for it.
  private mutating func restoreServed(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    forgetDecision()
    guard let served = servedInManualMode, let index = index(of: served), index != holder,
      !models[index].queue.isEmpty, !isSleepTooShort(index, now)
    else { return false }
    begin(to: served, trigger: mode.pinned == nil ? .recovery : .pin, now, &effects)
    return true
  }

  private mutating func askPolicy(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    let candidates = candidates(now)
    guard !candidates.isEmpty else {
      forgetDecision()
      return false
    }
    let situation = situation(candidates, now)
    let decision = policy.decide(in: situation)
    switch decision {
    case .switchTo(let model, let reason):
      guard let target = candidates.first(where: { $0.model == model }) else {
        tally.count(.deny, reason)
        forgetDecision()
        return false
      }
      tally.count(.switch, reason)
      begin(
        to: model, trigger: reason == .tick ? .tick : .request, reason: reason,
        waitLimit: policy.waitLimit(for: target, in: situation), now, &effects)
      return true
    case .reconsider(let instant, let reason):
      tally.count(.defer, reason)
      // A policy that never names a later instant than this one must not keep the daemon busy.
      rechecks.add(instant > now ? Self.justAfter(instant) : now + Rechecks.spacing)
      cooldownSince = reason == .cooldown ? cooldownSince ?? now : nil
    case .stay(let reason):
      tally.count(.stay, reason)
      forgetDecision()
    }
    return false
  }

  /// Nothing deferred is left from the policy's answers.
  mutating func forgetDecision() {
    rechecks.removeAll()
    cooldownSince = nil
  }

  private func candidates(_ now: Instant) -> [Situation.Candidate] {
    models.indices.compactMap { index in
      guard models[index].breaker.remaining(at: now) == nil, !isSleepTooShort(index, now) else { return nil }
      return candidate(index, now)
    }
  }

  private func candidate(_ index: Int, _ now: Instant) -> Situation.Candidate? {
    guard index != holder, let oldest = models[index].queue.first else { return nil }
    let model = models[index]
    return Situation.Candidate(
      model: model.id, waiting: model.queue.count, oldestArrival: oldest.arrival,
      sumOfAges: model.queue.sumOfAges(at: now), lastLeft: model.lastLeft, serviceTime: model.service.average,
      slots: model.limits.maxInFlight)
  }

  /// How long a request may wait for the model before the policy switches to it whatever else; nil where it never does.
  func waitLimit(_ index: Int, _ now: Instant) -> Duration? {
    if let transition, transition.to == models[index].id { return transition.waitLimit }
    guard !mode.isManual, let candidate = candidate(index, now) else { return nil }
    return policy.waitLimit(for: candidate, in: situation([candidate], now))
  }

  private func situation(_ candidates: [Situation.Candidate], _ now: Instant) -> Situation {
    var active: Situation.Active?
    if let holder, let awake = models[holder].awake {
      let model = models[holder]
      active = Situation.Active(
        model: model.id, since: awake.since, inFlight: awake.inFlight, waiting: model.queue.count,
        oldestArrival: model.queue.first?.arrival, lastArrival: model.arrivals.lastArrival,
        arrivalRate: model.arrivals.perSecond(at: now), serviceTime: model.service.average,
        slots: model.limits.maxInFlight, costPaid: awake.costPaid)
    }
    return Situation(
      now: now, active: active, candidates: candidates, costs: costs, requestTimeout: requestTimeout,
      isRecheck: rechecks.isDue(at: now))
  }

  /// The next whole microsecond: past the instant that it stands for, so that what is due then is due.
  private static func justAfter(_ instant: Instant) -> Instant {
    Instant(nanoseconds: (instant.nanoseconds / 1000 + 1) * 1000)
  }

  /// Tells the operator how it ended; a pin is then kept or dropped.
  mutating func answer(_ commands: [CommandID], _ result: Result<Void, SwitchError>, _ effects: inout [Effect]) {
    for command in commands {
      if let position = pendingPins.firstIndex(where: { $0.command == command }) {
        let pin = pendingPins.remove(at: position)
        if case .success = result { settledMode = .manual(pinned: pin.model) }
      }
      effects.append(.answer(command, result))
    }
  }
}

extension Command {
  /// The model that the command is about, if any.
  var model: ModelID? {
    switch self {
    case .auto, .manual, .unpin: nil
    case .pin(let model), .force(let model), .wake(let model), .sleep(let model, _), .setEviction(let model, _): model
    }
  }
}
