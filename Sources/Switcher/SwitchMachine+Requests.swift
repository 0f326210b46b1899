internal import Core
internal import Policies

/// Requests: how they are admitted, queued and turned away.
extension SwitchMachine {
  mutating func arrived(_ waiter: Waiter, _ model: ModelID, _ now: Instant, _ effects: inout [Effect]) {
    guard isConfigured(model), let index = index(of: model) else {
      return effects.append(.reject(waiter.ticket, .unknownModel(model)))
    }
    issue(waiter.ticket)
    models[index].arrivals.record(at: now)
    if let refusal = refusal(index, now) {
      if case .manualMode = refusal { tally.countRefusals(1) }
      return effects.append(.reject(waiter.ticket, refusal))
    }
    if index == holder, transition == nil, models[index].queue.isEmpty, models[index].hasFreeSlot {
      grant(waiter, index, waited: false, now, &effects)
    } else if let limit = fullQueueLimit(index, now, &effects) {
      effects.append(.reject(waiter.ticket, .queueFull(limit: limit)))
    } else {
      models[index].queue.append(waiter)
      waitingCount += 1
    }
  }

  /// How many may wait for the model, if so many do. Those whose time is up don't count, however late the timer is.
  private mutating func fullQueueLimit(_ index: Int, _ now: Instant, _ effects: inout [Effect]) -> Int? {
    guard let limit = models[index].limits.maxQueue, models[index].queue.count >= limit else { return nil }
    expire(now, &effects)
    return models[index].queue.count >= limit ? limit : nil
  }

  /// Why a request for the model is turned away at once, if it is.
  private func refusal(_ index: Int, _ now: Instant) -> SwitchError? {
    guard acceptsRequests else { return .shuttingDown }
    let model = models[index]
    guard isServable(model.id) else { return .manualMode(served: servedInManualMode) }
    return model.awake == nil ? breakerRefusal(model, now) : nil
  }

  /// Why nobody may have a model woken that failed, if it did. One that comes at the operator's order is waited for.
  private func breakerRefusal(_ model: ModelState, _ now: Instant) -> SwitchError? {
    let coming = transition.flatMap { $0.to == model.id && !$0.isGivingUp ? $0 : nil }
    var retryAfter: Duration?
    if coming == nil { retryAfter = model.breaker.remaining(at: now) }
    let isTried = coming.map(\.commands.isEmpty) ?? !model.queue.isEmpty
    if isTried, model.breakerState(at: now) != .closed { retryAfter = retryAfter ?? CircuitBreaker.firstWait }
    return retryAfter.map { .switchFailed(model.id, message: model.breaker.message, retryAfter: $0) }
  }

  mutating func abandoned(_ ticket: Ticket, _ model: ModelID, _ now: Instant, _ effects: inout [Effect]) {
    guard let index = index(of: model) else { return }
    let limit = waitLimit(index, now)
    guard let waiter = models[index].queue.remove(ticket) else { return }
    noteStarvation(waiter, index, limit, until: now, &effects)
    waitingCount -= 1
    effects.append(.reject(ticket, .abandoned))
  }

  mutating func finished(_ grant: Grant, _ now: Instant) {
    guard let index = index(of: grant.model), var awake = models[index].awake, awake.instance == grant.instance
    else { return }
    awake.inFlight -= 1
    if awake.inFlight == 0 { awake.idleSince = now }
    models[index].presence = .awake(awake)
    models[index].service.record(now - grant.grantedAt)
  }

  /// Ends waits and back-offs whose time is up.
  mutating func expire(_ now: Instant, _ effects: inout [Effect]) {
    for index in models.indices {
      models[index].breaker.expire(at: now)
      guard models[index].queue.nextDeadline <= now else { continue }
      let limit = waitLimit(index, now)
      for waiter in models[index].queue.removeExpired(at: now) {
        noteStarvation(waiter, index, limit, until: now, &effects)
        waitingCount -= 1
        effects.append(.reject(waiter.ticket, .timedOut(after: now - waiter.arrival)))
      }
    }
  }

  /// Grants whom the awake model may take: everyone in order while it stays, while it drains only those who were queued
  /// when the switch was decided.
  mutating func admit(_ now: Instant, _ effects: inout [Effect]) {
    guard let holder else { return }
    while models[holder].hasFreeSlot, let next = models[holder].queue.first, isAdmissible(next, now) {
      _ = models[holder].queue.popFirst()
      waitingCount -= 1
      grant(next, holder, waited: true, now, &effects)
    }
  }

  private func isAdmissible(_ waiter: Waiter, _ now: Instant) -> Bool {
    guard let transition else { return true }
    guard case .draining(let lastAdmitted, let admitUntil) = transition.stage else { return false }
    return waiter.ticket <= lastAdmitted && now < min(admitUntil ?? .distantFuture, drainDeadline ?? .distantFuture)
  }

  private mutating func grant(
    _ waiter: Waiter, _ index: Int, waited: Bool, _ now: Instant, _ effects: inout [Effect]
  ) {
    guard var awake = models[index].awake else { return }
    awake.inFlight += 1
    models[index].presence = .awake(awake)
    if waited { noteStarvation(waiter, index, awake.waitLimit, until: awake.chosenAt, &effects) }
    let switching = waited ? max(awake.since - max(waiter.arrival, awake.chosenAt), .zero) : .zero
    effects.append(
      .grant(
        Grant(
          ticket: waiter.ticket, model: models[index].id, instance: awake.instance, grantedAt: now,
          waited: waited, switching: switching)))
  }

  // MARK: Manual mode

  /// The one model that manual mode serves besides the target of a switch under way.
  var servedInManualMode: ModelID? {
    mode.pinned ?? transition?.to ?? holder.map { models[$0].id } ?? lastHolder
  }

  func isServable(_ model: ModelID) -> Bool {
    !mode.isManual || model == servedInManualMode || model == transition?.to
  }

  mutating func rejectUnservable(_ effects: inout [Effect]) {
    guard mode.isManual, waitingCount > 0 else { return }
    let refusal = SwitchError.manualMode(served: servedInManualMode)
    for index in models.indices where !isServable(models[index].id) {
      tally.countRefusals(models[index].queue.count)
      rejectQueue(index, refusal, &effects)
    }
  }

  mutating func rejectQueue(_ index: Int, _ error: SwitchError, _ effects: inout [Effect]) {
    for waiter in models[index].queue.removeAll() {
      waitingCount -= 1
      effects.append(.reject(waiter.ticket, error))
    }
  }
}
