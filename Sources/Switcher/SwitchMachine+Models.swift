package import Core

/// What a new configuration says of one model.
package struct ModelRevision: Hashable, Sendable {
  package let id: ModelID
  package let limits: ModelLimits
  /// Whether another server takes the place of the one that it has, since its settings have changed.
  package let isRenewed: Bool

  package init(id: ModelID, limits: ModelLimits, isRenewed: Bool = false) {
    self.id = id
    self.limits = limits
    self.isRenewed = isRenewed
  }
}

/// Why a model gives up its server for good, once the requests on it have ended.
enum Departure: Hashable, Sendable {
  /// It is not configured any more.
  case removal
  /// A server with other settings takes over; those who wait for the model wait for that one.
  case renewal
}

/// Models that come, go and change while others are served.
///
/// A model that departs is drained like for a switch and put to sleep as it is configured, so that the GPU is free; then
/// its server is ended beside whatever else goes on.
extension SwitchMachine {
  mutating func replaceModels(
    _ revisions: [ModelRevision], requestTimeout: Duration, _ now: Instant, _ effects: inout [Effect]
  ) {
    self.requestTimeout = requestTimeout
    effects.append(.note(.modelsReplaced(change(to: revisions))))
    var known = Dictionary(models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let kept = revisions.map { revision in
      guard var model = known.removeValue(forKey: revision.id) else {
        return ModelState(id: revision.id, limits: revision.limits, start: now)
      }
      model.limits = revision.limits
      model.eviction = nil
      // One that was removed a moment ago comes back with the server of this configuration.
      if revision.isRenewed || model.departure != nil { model.depart(.renewal) }
      return model
    }
    let removed = models.filter { known[$0.id] != nil }.map { model in
      var model = model
      model.depart(.removal)
      return model
    }
    adopt(kept + removed)
    for model in removed { disown(model.id, &effects) }
    interruptWake(now, &effects)
    isChanging = true
  }

  private func change(to revisions: [ModelRevision]) -> ModelsChange {
    let configured = models.map(\.id).filter(isConfigured)
    let names = revisions.map(\.id)
    return ModelsChange(
      models: names, added: names.filter { !configured.contains($0) },
      removed: configured.filter { !names.contains($0) },
      renewed: revisions.filter(\.isRenewed).map(\.id).filter(configured.contains))
  }

  /// Tells everyone who counts on a model that is not configured any more.
  private mutating func disown(_ model: ModelID, _ effects: inout [Effect]) {
    let error = SwitchError.unknownModel(model)
    if let index = index(of: model) { rejectQueue(index, error, &effects) }
    answer(goals.filter { $0.wish.model == model }.map(\.command), .failure(error), &effects)
    goals.removeAll { $0.wish.model == model }
    if transition?.to == model {
      answer(transition?.commands ?? [], .failure(error), &effects)
      transition?.commands = []
    }
    if settledMode.pinned == model { settledMode = .auto }
    if lastHolder == model { lastHolder = nil }
  }

  /// Ends the start of a server that is to be another one.
  private mutating func interruptWake(_ now: Instant, _ effects: inout [Effect]) {
    guard let to = transition?.to, let stage = transition?.stage, let index = index(of: to),
      let departure = models[index].departure
    else { return }
    switch stage {
    case .waking: effects.append(.stop(to))
    case .stoppingNew(retry: true): break
    case .draining where departure == .removal: return end(.cancelled, now, &effects)
    default: return
    }
    if departure == .removal { transition?.fail(.removed, "\(to) is not configured any more") }
    enter(.stoppingNew(retry: departure == .renewal), now, &effects)
  }

  /// Has the servers of departing models ended that nobody uses; the one that is awake is seen off first.
  mutating func retire(_ now: Instant, _ effects: inout [Effect]) {
    guard isChanging, acceptsRequests else { return }
    for index in models.indices {
      guard models[index].departure != nil, !models[index].isRetiring, models[index].awake == nil,
        models[index].breaker.remaining(at: now) == nil || transition?.to == models[index].id
      else { continue }
      models[index].isRetiring = true
      effects.append(.retire(models[index].id))
    }
    isChanging = models.contains { $0.departure != nil && !$0.isRetiring }
  }

  /// Whether the model may be asked for: one that is being removed may not.
  func isConfigured(_ model: ModelID) -> Bool {
    index(of: model).map { models[$0].departure != .removal } ?? false
  }

  /// Whether the model that is awake is to give way for good.
  var isHolderDeparting: Bool { holder.map { models[$0].departure != nil } ?? false }

  mutating func retired(_ model: ModelID, _ now: Instant, _ effects: inout [Effect]) {
    guard let index = index(of: model), let departure = models[index].departure else { return }
    setPresence(index, .stopped)
    models[index].rest = nil
    switch departure {
    case .renewal:
      models[index].departure = nil
      models[index].isRetiring = false
      models[index].isToRestart = false
      models[index].breaker.reset()
      stopped(model, now, &effects)
    case .removal:
      stopped(model, now, &effects)
      adopt(models.filter { $0.id != model })
    }
  }

  /// The server may hold the GPU still, so the model stays until it is gone: that is tried again and again.
  mutating func retireFailed(_ model: ModelID, _ message: String, _ now: Instant, _ effects: inout [Effect]) {
    guard let index = index(of: model), models[index].departure != nil else { return }
    models[index].isRetiring = false
    isChanging = true
    stopFailed(model, message, now, &effects)
    if models[index].breaker.remaining(at: now) == nil { models[index].breaker.wakeFailed(at: now, message: message) }
  }
}

extension ModelState {
  /// Begins to give its server up, whatever came of the server so far.
  fileprivate mutating func depart(_ departure: Departure) {
    self.departure = departure
    breaker.reset()
  }
}

extension Goal.Wish {
  fileprivate var model: ModelID {
    switch self {
    case .awake(let model, _), .asleep(let model, _): model
    }
  }
}
