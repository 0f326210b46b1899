internal import Core

/// What a model is doing, in the words of metrics and status.
package enum LifecycleState: String, Sendable, CaseIterable {
  case stopped, starting, waking, active, draining, sleeping, asleep, failed
}

extension SwitchMachine {
  /// What the model at this index of `models` is doing.
  func lifecycleState(_ index: Int, _ now: Instant) -> LifecycleState {
    let id = models[index].id
    if let transition {
      switch transition.stage {
      case .draining where transition.from == id: return .draining
      case .sleeping where transition.from == id, .stoppingOld where transition.from == id:
        return models[index].lossReason == nil ? .sleeping : .failed
      case .waking(let isCold) where transition.to == id: return isCold ? .starting : .waking
      case .stoppingNew(let retry) where transition.to == id: return retry ? .starting : .failed
      default: break
      }
    }
    switch models[index].presence {
    case .awake: return .active
    case .lost: return .failed
    case _ where models[index].breaker.remaining(at: now) != nil: return .failed
    case .asleep: return .asleep
    case .stopped: return .stopped
    }
  }
}
