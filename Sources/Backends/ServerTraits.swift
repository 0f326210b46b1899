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
    let plan: ServerPlan
    switch try backend.blueprint(self) {
    case .server(let server): plan = server
    case .hosted:
      // Asleep, it holds nothing; awake, it was loaded anew.
      return ServerTraits(eviction: Eviction(weights: .discard, process: .stop), wakeKinds: [.coldStart], steps: [:])
    }
    let modes = plan.sleepModes
    let kinds = modes.values.map(\.wakeKind) + (plan.launch == nil ? [] : [.coldStart])
    return ServerTraits(
      eviction: plan.eviction, wakeKinds: Set(kinds),
      steps: [
        .sleep: modes.values.map(\.sleepSteps.count).max() ?? 0, .wake: modes.values.map(\.wakeSteps.count).max() ?? 0,
      ])
  }
}
