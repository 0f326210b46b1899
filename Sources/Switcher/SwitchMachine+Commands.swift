internal import Core
internal import Policies

/// A state that the operator wants the machine to reach, in its turn.
struct Goal: Sendable {
  enum Wish: Sendable {
    case awake(ModelID, Trigger)
    case asleep(ModelID, Eviction?)
  }

  let command: CommandID
  let wish: Wish
}

/// The mode that a command set before its switch was done, and the one that returns if the switch fails.
struct Rollback: Sendable {
  let set: Mode
  let previous: Mode
}

/// What the operator and the policy set off.
extension SwitchMachine {
  mutating func commanded(_ id: CommandID, _ command: Command, _ now: Instant, _ effects: inout [Effect]) {
    guard acceptsRequests else { return answer([id], .failure(.shuttingDown), &effects) }
    if let model = command.model, index(of: model) == nil {
      return answer([id], .failure(.unknownModel(model)), &effects)
    }
    switch command {
    case .auto, .unpin:
      mode = .auto
      answer([id], .success(()), &effects)
    case .manual:
      if !mode.isManual { mode = .manual(pinned: nil) }
      answer([id], .success(()), &effects)
    case .pin(let model):
      setPin(model, for: id)
      want(Goal(command: id, wish: .awake(model, .pin)), now, &effects)
    case .force(let model), .wake(let model):
      if mode.pinned != nil { setPin(model, for: id) }
      want(Goal(command: id, wish: .awake(model, .force)), now, &effects)
    case .sleep(let model, let eviction):
      want(Goal(command: id, wish: .asleep(model, eviction)), now, &effects)
    }
  }

  private mutating func setPin(_ model: ModelID, for command: CommandID) {
    rollbacks[command] = Rollback(set: .manual(pinned: model), previous: mode)
    mode = .manual(pinned: model)
  }

  /// Joins the switch under way where it leads to the goal, takes it back where it has not yet done anything against it,
  /// and else waits for its end.
  private mutating func want(_ goal: Goal, _ now: Instant, _ effects: inout [Effect]) {
    guard let current = transition else { return goals.append(goal) }
    switch goal.wish {
    case .awake(let model, _):
      if current.to == model, !current.isGivingUp {
        transition?.commands.append(goal.command)
        return
      }
      if current.from == model, current.isDraining { supersede("\(model) was asked to stay", now, &effects) }
    case .asleep(let model, let eviction):
      if current.to == nil, current.from == model, current.eviction == eviction {
        transition?.commands.append(goal.command)
        return
      }
      if current.to == model {
        if current.isDraining { supersede("\(model) was put to sleep", now, &effects) }
        if case .waking = current.stage { abortWake(now, &effects) }
      }
    }
    goals.append(goal)
  }

  private mutating func supersede(_ message: String, _ now: Instant, _ effects: inout [Effect]) {
    answer(transition?.commands ?? [], .failure(.superseded(message: message)), &effects)
    transition?.commands = []
    end(.cancelled, failure: nil, now, &effects)
  }

  /// Starts the next switch that the operator, the mode or the policy wants. True when the machine must settle again.
  mutating func pursue(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    guard transition == nil else { return false }
    if !goals.isEmpty {
      pursue(goals.removeFirst(), now, &effects)
      return true
    }
    guard waitingCount > 0 else {
      cooldownSince = nil
      recheck = nil
      return false
    }
    if !mode.isManual { return askPolicy(now, &effects) }
    recheck = nil
    return restoreServed(now, &effects)
  }

  private mutating func pursue(_ goal: Goal, _ now: Instant, _ effects: inout [Effect]) {
    switch goal.wish {
    case .awake(let model, let trigger):
      guard holder != index(of: model) else { return answer([goal.command], .success(()), &effects) }
      begin(to: model, trigger: trigger, commands: [goal.command], now, &effects)
    case .asleep(let model, let eviction):
      guard let index = index(of: model) else { return }
      switch models[index].presence {
      case .awake:
        begin(to: nil, trigger: .force, eviction: eviction, commands: [goal.command], now, &effects)
      case .absent(.asleep) where eviction?.process == .stop:
        // Its process ends beside whatever the GPU does; no switch is needed for it.
        setPresence(index, .absent(.stopped))
        endings[model, default: []].append(goal.command)
        effects.append(.stop(model))
      case .absent:
        answer([goal.command], .success(()), &effects)
      }
    }
  }

  /// In manual mode the one model that is served comes back when somebody waits for it.
  private mutating func restoreServed(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    guard let served = servedInManualMode, let index = index(of: served), index != holder,
      !models[index].queue.isEmpty
    else { return false }
    begin(to: served, trigger: mode.pinned == nil ? .recovery : .pin, now, &effects)
    return true
  }

  private mutating func askPolicy(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    let candidates = candidates(now)
    guard !candidates.isEmpty else {
      recheck = nil
      return false
    }
    let decision = policy.decide(in: situation(candidates, now))
    cooldownSince = decision.reason == .cooldown ? cooldownSince ?? now : cooldownSince
    switch decision {
    case .stay: recheck = nil
    case .reconsider(let instant, _): recheck = Self.justAfter(max(instant, now))
    case .switchTo(let model, let reason):
      guard candidates.contains(where: { $0.model == model }) else { break }
      begin(to: model, trigger: reason == .tick ? .tick : .request, reason: reason, now, &effects)
      return true
    }
    return false
  }

  private func candidates(_ now: Instant) -> [Situation.Candidate] {
    models.indices.compactMap { index in
      let model = models[index]
      guard index != holder, let oldest = model.queue.first, model.backoff.remaining(at: now) == nil
      else { return nil }
      return Situation.Candidate(
        model: model.id, waiting: model.queue.count, oldestArrival: oldest.arrival,
        sumOfAges: model.queue.sumOfAges(at: now), lastLeft: model.lastLeft, serviceTime: model.service.average,
        slots: model.limits.maxInFlight)
    }
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
      isRecheck: recheck.map { $0 <= now } ?? false)
  }

  /// The next whole microsecond: past the instant that it stands for, so that what is due then is due.
  private static func justAfter(_ instant: Instant) -> Instant {
    Instant(nanoseconds: (instant.nanoseconds / 1000 + 1) * 1000)
  }

  /// Tells the operator how it ended, and takes a pin back that could not be had.
  mutating func answer(_ commands: [CommandID], _ result: Result<Void, SwitchError>, _ effects: inout [Effect]) {
    for command in commands {
      if let rollback = rollbacks.removeValue(forKey: command), case .failure = result, mode == rollback.set {
        mode = rollback.previous
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
    case .pin(let model), .force(let model), .wake(let model), .sleep(let model, _): model
    }
  }
}
