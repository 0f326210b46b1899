internal import Core

/// What those who look on are told.
///
/// States and the mode follow from many things, so they are compared with what was last told once the machine is at rest:
/// no change can be forgotten, and what lasts no time is not told.
extension SwitchMachine {
  mutating func tellChanges(_ now: Instant, _ effects: inout [Effect]) {
    if mode != toldMode {
      toldMode = mode
      effects.append(.note(.modeChanged(mode)))
    }
    for index in models.indices {
      let state = lifecycleState(index, now)
      let told = models[index].toldState
      guard state != told else { continue }
      models[index].toldState = state
      let reason = models[index].lossReason ?? transition?.failure?.message ?? models[index].breaker.message
      let failure = state == .failed ? reason : nil
      effects.append(
        .note(.modelChanged(ModelChange(model: models[index].id, from: told, to: state, failure: failure))))
    }
  }

  /// - Parameters:
  ///   - limit: how long the policy let a request wait for the model.
  ///   - end: when the switch to the model was decided, or the request gave up before that.
  mutating func noteStarvation(
    _ waiter: Waiter, _ index: Int, _ limit: Duration?, until end: Instant, _ effects: inout [Effect]
  ) {
    var end = end
    if let transition, transition.to == models[index].id { end = transition.decidedAt }
    guard let limit, end - waiter.arrival >= limit else { return }
    effects.append(.note(.requestStarved(models[index].id)))
  }

  /// The model's server is about to be started.
  mutating func noteRestart(_ index: Int, _ effects: inout [Effect]) {
    guard models[index].isToRestart else { return }
    models[index].isToRestart = false
    effects.append(.note(.modelRestarted(models[index].id)))
  }

  /// The one place where a switch goes on to another stage.
  mutating func enter(_ stage: Transition.Stage, _ now: Instant, _ effects: inout [Effect]) {
    guard let hasNewPhase = transition?.enter(stage, at: now), hasNewPhase, let transition else { return }
    effects.append(.note(.phaseEntered(transition.currentPhase, switch: transition.number)))
  }
}

extension Event {
  /// Whether it is about one request; such an event by itself changes neither a model's state nor the mode.
  var isOfRequest: Bool {
    switch self {
    case .requestArrived, .requestAbandoned, .requestFinished: true
    default: false
    }
  }
}
