internal import Core

/// Ends: those of servers that were ordered to, and those that came by themselves.
///
/// Whoever held the GPU keeps it until its end is certain, dead or not: nobody else is woken before.
extension SwitchMachine {
  mutating func stopped(_ model: ModelID, _ now: Instant, _ effects: inout [Effect]) {
    guard let index = index(of: model) else { return }
    if let commands = endings.removeValue(forKey: model) {
      setPresence(index, .stopped)
      answer(commands, .success(()), &effects)
    }
    guard let transition else { return }
    switch transition.stage {
    case .stoppingOld where transition.from == model:
      left(index, .stopped, now, &effects)
    case .stoppingNew(let retry) where transition.to == model:
      setPresence(index, .stopped)
      if retry { wakeTarget(now, &effects) } else { end(.failed, now, &effects) }
    default: break
    }
  }

  /// Ends a model that nobody uses, unless that is under way; these are told when it is done.
  mutating func endServer(of index: Int, telling commands: [CommandID] = [], _ effects: inout [Effect]) {
    let model = models[index].id
    if endings[model] == nil, !models[index].isRetiring { effects.append(.stop(model)) }
    endings[model, default: []] += commands
  }

  /// The GPU may still be held, so nobody else is woken. An old model that neither sleeps nor ends is woken again; one of
  /// which nothing is to be had is left alone, and whoever is wanted next has its end tried once more.
  mutating func stopFailed(_ model: ModelID, _ message: String, _ now: Instant, _ effects: inout [Effect]) {
    let failed = SwitchError.switchFailed(model, message: message, retryAfter: .zero)
    answer(endings.removeValue(forKey: model) ?? [], .failure(failed), &effects)
    guard let index = index(of: model) else { return }
    switch transition?.stage {
    case .stoppingOld where transition?.from == model:
      let neither = "\(model) could be neither put to sleep nor stopped: \(message)"
      let failure = models[index].awake == nil ? Self.story(of: model, message) : neither
      if let to = transition?.to.flatMap(self.index(of:)) { models[to].breaker.wakeFailed(at: now, message: failure) }
      fail(.stopFailed, failure, now, &effects)
      if let awake = models[index].awake {
        setPresence(index, .asleep(awake.instance))
        end(.failed, now, &effects)
        begin(to: model, trigger: .recovery, now, &effects)
      } else {
        lose(index, message, now, &effects)
        end(.failed, now, &effects)
      }
    case .stoppingNew where transition?.to == model:
      lose(index, message, now, &effects)
      fail(.stopFailed, message, now, &effects)
      end(.failed, now, &effects)
    default:
      if models[index].lossReason != nil { lose(index, message, now, &effects) }
    }
  }

  /// Leaves a model alone that could not be ended.
  private mutating func lose(_ index: Int, _ message: String, _ now: Instant, _ effects: inout [Effect]) {
    let reason = Self.story(of: models[index].id, message)
    if models[index].breaker.remaining(at: now) == nil {
      models[index].breaker.wakeFailed(at: now, message: reason)
    }
    setPresence(index, .lost(reason))
    let retryAfter = models[index].breaker.remaining(at: now) ?? .zero
    rejectQueue(index, .switchFailed(models[index].id, message: reason, retryAfter: retryAfter), &effects)
  }

  /// Why nothing is to be had of a model, for a person.
  private static func story(of model: ModelID, _ message: String) -> String {
    "\(model) could not be ended and may hold the GPU: \(message)"
  }

  mutating func died(_ model: ModelID, _ death: Death, _ now: Instant, _ effects: inout [Effect]) {
    guard let index = index(of: model) else { return }
    models[index].deathInWake = max(models[index].deathInWake ?? death.instance, death.instance)
    switch models[index].presence {
    case .awake(let awake) where awake.instance == death.instance:
      // One that dies while it is being put to sleep or ended is that step's business: its answer is on the way.
      let isLeaving = transition?.from == model
      guard !isLeaving || transition?.isDraining == true else { return }
      models[index].lastLeft = now
      models[index].isToRestart = true
      models[index].breaker.died(at: now, afterLife: now - awake.since, message: "\(model) \(death.reason)")
      if let remaining = models[index].breaker.remaining(at: now) {
        let message = models[index].breaker.message
        rejectQueue(index, .switchFailed(model, message: message, retryAfter: remaining), &effects)
      }
      models[index].rest = nil
      setPresence(index, .lost("\(model) \(death.reason)"))
      if isLeaving { enter(.stoppingOld, now, &effects) }
      // The shutdown ends them all.
      if acceptsRequests { endServer(of: index, &effects) }
    case .asleep(let instance) where instance == death.instance:
      models[index].isToRestart = true
      models[index].rest = nil
      setPresence(index, .stopped)
    default: break
    }
  }
}
