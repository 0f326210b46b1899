package import Core

/// What a model's settings come to, as far as others than its runtime need to know it.
package struct ServerTraits: Hashable, Sendable {
  /// What is done when nobody asks for another eviction.
  package let eviction: Eviction
  /// How the model can come to be awake.
  package let wakeKinds: Set<WakeKind>
  /// How many control steps an operation has at the most.
  package let steps: [ControlOperation: Int]
}

extension BackendSettings {
  /// - Throws: all that is wrong with the settings.
  package func traits() throws(BackendFaults) -> ServerTraits {
    guard case .server(let plan) = try backend.blueprint(self) else {
      // Asleep, it holds nothing; awake, it was loaded anew.
      return ServerTraits(eviction: Eviction(weights: .discard, process: .stop), wakeKinds: [.coldStart], steps: [:])
    }
    let modes = plan.sleepModes.values.map { plan.suspendsNCCL ? $0.suspendingNCCL : $0 }
    let starts: [WakeKind] = plan.launch == nil ? [] : [.coldStart]
    let restores: [WakeKind] = plan.launch != nil && plan.checkpointing.isPossible ? [.restore] : []
    return ServerTraits(
      eviction: plan.eviction, wakeKinds: Set(modes.map(\.wakeKind) + starts + restores),
      steps: [
        .sleep: modes.map(\.sleepSteps.count).max() ?? 0, .wake: modes.map(\.wakeSteps.count).max() ?? 0,
      ])
  }
}
