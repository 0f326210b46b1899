internal import Core
internal import Policies

/// The way of a switch: drain, sleep, wake, and what becomes of it when one of them fails.
extension SwitchMachine {
  /// Starts a switch from whoever is awake, or is lost. There must be none under way.
  mutating func begin(
    to target: ModelID?, trigger: Trigger, reason: Reason? = nil, waitLimit: Duration? = nil,
    eviction: Eviction? = nil, commands: [CommandID] = [], _ now: Instant, _ effects: inout [Effect]
  ) {
    switchCount += 1
    let cooldown = reason == nil ? nil : cooldownSince.map { now - $0 }
    forgetDecision()
    let old = (holder ?? lost).map { models[$0].id }
    let decision = SwitchDecision(
      number: switchCount, from: old == target ? nil : old, to: target, trigger: trigger, reason: reason)
    transition = Transition(
      decision, eviction: eviction, waitLimit: waitLimit, cooldown: cooldown, commands: commands, at: now)
    effects.append(.note(.switchDecided(decision)))
    if holder != nil {
      let admitUntil = policy.drainCap.map { now + $0 }
      enter(.draining(lastAdmitted: lastIssuedTicket, admitUntil: admitUntil), now, &effects)
    } else if let lost {
      enter(old == target ? .stoppingNew(retry: true) : .stoppingOld, now, &effects)
      endServer(of: lost, &effects)
    } else {
      wakeTarget(now, &effects)
    }
  }

  /// Stays, up to the last moment before the old model is put to sleep, when the demand that the policy saw is gone.
  mutating func cancelMoot(_ now: Instant, _ effects: inout [Effect]) {
    guard let transition, transition.isDraining else { return }
    let isWanted = transition.to.flatMap(index(of:)).map { !models[$0].queue.isEmpty } ?? true
    if !acceptsRequests || transition.isPolicyDriven && !isWanted { end(.cancelled, now, &effects) }
  }

  /// Goes on once the drain is complete, and sees to it that this comes about in time.
  mutating func advance(_ now: Instant, _ effects: inout [Effect]) {
    guard let current = transition, current.isDraining, let from = current.from, let index = index(of: from)
    else { return }
    guard models[index].inFlight == 0 else { return cutOverdue(now, &effects) }
    models[index].lastLeft = now
    enter(.sleeping, now, &effects)
    effects.append(.sleep(from, current.eviction ?? models[index].eviction))
  }

  // MARK: The old model

  mutating func slept(_ model: ModelID, _ residence: Residence, _ now: Instant, _ effects: inout [Effect]) {
    guard let transition, transition.from == model, transition.stage == .sleeping, let index = index(of: model),
      let awake = models[index].awake
    else { return }
    models[index].breaker.reset()
    models[index].rest = Rest(since: now, wasOrdered: transition.trigger == .force && transition.to == nil)
    left(index, residence == .asleep ? .asleep(awake.instance) : .stopped, now, &effects)
  }

  mutating func sleepFailed(_ model: ModelID, _ message: String, _ now: Instant, _ effects: inout [Effect]) {
    guard let transition, transition.from == model, transition.stage == .sleeping else { return }
    if let index = index(of: model) { models[index].isToRestart = true }
    enter(.stoppingOld, now, &effects)
    effects.append(.stop(model))
  }

  mutating func left(_ index: Int, _ presence: Presence, _ now: Instant, _ effects: inout [Effect]) {
    setPresence(index, presence)
    if let transition, transition.to == nil {
      // Whom the operator sent to sleep stays asleep; one that nobody used, or whose server is replaced, is served on.
      if ![.reload, .idle].contains(transition.trigger) || !transition.commands.isEmpty { lastHolder = nil }
      end(.success, now, &effects)
    } else {
      wakeTarget(now, &effects)
    }
  }

  // MARK: The new model

  mutating func wakeTarget(_ now: Instant, _ effects: inout [Effect]) {
    guard let to = transition?.to else { return }
    guard acceptsRequests, let index = index(of: to) else { return end(.cancelled, now, &effects) }
    if let departure = models[index].departure {
      enter(.stoppingNew(retry: departure == .renewal), now, &effects)
      return
    }
    guard endings[to] == nil else {
      enter(.stoppingNew(retry: true), now, &effects)
      return
    }
    var isCold = true
    if case .asleep = models[index].presence { isCold = false }
    models[index].deathInWake = nil
    if isCold { noteRestart(index, &effects) }
    enter(.waking(cold: isCold), now, &effects)
    effects.append(.wake(to))
  }

  mutating func woke(_ model: ModelID, _ instance: Instance, _ now: Instant, _ effects: inout [Effect]) {
    guard let transition, transition.to == model, case .waking = transition.stage, let index = index(of: model)
    else { return }
    if let death = models[index].deathInWake, instance <= death {
      return wakeFailed(model, .died, "the server of \(model) died as soon as it was up", now, &effects)
    }
    self.transition?.endPhase(at: now)
    let cost = self.transition?.evictionAndWake ?? .zero
    costs.record(cost, from: transition.from, to: model)
    let isFirst = switchCount == 1
    let awake = Awake(
      instance: instance, since: now, chosenAt: transition.decidedAt, costPaid: isFirst ? .zero : cost,
      waitLimit: transition.waitLimit)
    setPresence(index, .awake(awake))
    if transition.commands.isEmpty { models[index].breaker.wakeSucceeded() } else { models[index].breaker.reset() }
    end(.success, now, &effects)
  }

  mutating func wakeFailed(
    _ model: ModelID, _ reason: SwitchFailure.Reason, _ message: String, _ now: Instant, _ effects: inout [Effect]
  ) {
    guard let transition, transition.to == model, case .waking(let isCold) = transition.stage,
      let index = index(of: model)
    else { return }
    models[index].isToRestart = true
    enter(.stoppingNew(retry: !isCold), now, &effects)
    if isCold {
      models[index].breaker.wakeFailed(at: now, message: message)
      fail(reason, message, now, &effects)
    }
    effects.append(.stop(model))
  }

  /// Answers everyone who counts on the switch; it ends itself when what it left behind is gone.
  mutating func fail(
    _ reason: SwitchFailure.Reason, _ message: String, _ now: Instant, _ effects: inout [Effect]
  ) {
    guard let current = transition, let model = current.to ?? current.from, let index = index(of: model) else { return }
    let retryAfter = models[index].breaker.remaining(at: now) ?? .seconds(1)
    let error = SwitchError.switchFailed(model, message: message, retryAfter: retryAfter)
    transition?.fail(reason, message)
    transition?.commands = []
    if current.to != nil { rejectQueue(index, error, &effects) }
    answer(current.commands, .failure(error), &effects)
  }

  /// Gives a start up because the operator wants the model asleep.
  mutating func abortWake(_ now: Instant, _ effects: inout [Effect]) {
    guard let current = transition, let to = current.to else { return }
    switch current.stage {
    case .waking: effects.append(.stop(to))
    case .stoppingNew(retry: true): break
    default: return
    }
    enter(.stoppingNew(retry: false), now, &effects)
    fail(.operator, "the start of \(to) was ended by the operator", now, &effects)
  }

  // MARK: The end

  mutating func end(_ outcome: SwitchRecord.Outcome, _ now: Instant, _ effects: inout [Effect]) {
    guard var ended = transition else { return }
    transition = nil
    ended.endPhase(at: now)
    effects.append(.note(.switchEnded(ended.record(outcome, at: now))))
    answer(ended.commands, .success(()), &effects)
  }
}
