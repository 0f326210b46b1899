internal import Core

/// What the GPU is for while nobody waits: in auto mode only, since nothing happens by itself in manual mode.
extension SwitchMachine {
  /// When the model that is awake is put to sleep because nobody uses it; nil while there is no such time.
  var idleSleepAt: Instant? {
    guard let holder, let idleSleep = models[holder].limits.idleSleep else { return nil }
    return idleSince.map { $0 + idleSleep }
  }

  /// When the default model gets the GPU back; nil while there is no such time. One that failed comes back by itself no
  /// more, and one that was put to sleep itself, because nobody used it or by the operator, neither.
  private var returnAt: Instant? {
    guard let home = defaultModel, home != holder, let delay = models[home].limits.returnDelay, let idleSince,
      models[home].breaker.failures == 0, models[home].departure == nil
    else { return nil }
    if holder == nil, models[home].id == lastHolder, models[home].limits.idleSleep != nil { return nil }
    return max(idleSince + delay, earliestWake(home) ?? idleSince)
  }

  /// When something happens by itself if nobody comes.
  var idleDueAt: Instant? {
    guard let sleep = idleSleepAt, let back = returnAt else { return idleSleepAt ?? returnAt }
    return min(sleep, back)
  }

  func isIdleTooLong(_ now: Instant) -> Bool { idleDueAt.map { $0 <= now } ?? false }

  /// True when a switch has begun, so that the machine must settle again.
  mutating func restIdle(_ now: Instant, _ effects: inout [Effect]) -> Bool {
    guard isIdleTooLong(now) else { return false }
    let isReturn = returnAt.map { $0 <= now } ?? false
    begin(to: isReturn ? defaultModel.map { models[$0].id } : nil, trigger: .idle, now, &effects)
    return true
  }

  /// Wakes a model because the configuration says so, in the place of one that nobody uses. Whoever has come before decides.
  mutating func preload(_ model: ModelID, _ trigger: Trigger, _ now: Instant, _ effects: inout [Effect]) {
    guard acceptsRequests, !mode.isManual, transition == nil, goals.isEmpty, waitingCount == 0, isConfigured(model),
      holder.map({ models[$0].id != model && models[$0].inFlight == 0 }) ?? true
    else { return }
    begin(to: model, trigger: trigger, now, &effects)
  }

  /// Before when the model's least sleep keeps it from being woken for a request; nil where nothing does.
  func earliestWake(_ index: Int) -> Instant? {
    guard models[index].limits.minSleep > .zero, let rest = models[index].rest else { return nil }
    return rest.since + models[index].limits.minSleep
  }

  func isSleepTooShort(_ index: Int, _ now: Instant) -> Bool { earliestWake(index).map { now < $0 } ?? false }

  /// Since when nobody has used the GPU, or its last model has left it; nil while somebody needs it, or nobody had it yet.
  private var idleSince: Instant? {
    guard waitingCount == 0, transition == nil, !mode.isManual, acceptsRequests else { return nil }
    guard let holder else { return lastHolder.flatMap(index(of:)).flatMap { models[$0].lastLeft } }
    return models[holder].inFlight == 0 ? models[holder].awake?.idleSince : nil
  }
}
