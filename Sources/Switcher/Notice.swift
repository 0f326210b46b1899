package import Core
package import Policies

/// Something that has happened in the switcher, told to those who look on: metrics, logs, history, streams of events.
///
/// What *is*, in contrast (states, depths, counts so far), is a reading and stands in the `Snapshot`. A request on the
/// model that is awake makes no notice.
package enum Notice: Sendable {
  /// A switch begins.
  case switchDecided(SwitchDecision)
  /// The switch of this number goes on.
  case phaseEntered(SwitchPhase, switch: UInt64)
  case switchEnded(SwitchRecord)
  /// The mode or the pin is another one now.
  case modeChanged(Mode)
  /// A policy of this name decides from now on; it may have had the same name before.
  case policyReplaced(name: String)
  case modelChanged(ModelChange)
  /// The model's server is begun anew, since it had ended by itself or would neither sleep nor wake.
  case modelRestarted(ModelID)
  /// A request had to wait as long as the policy lets any wait, or longer, until the switch to its model was decided.
  case requestStarved(ModelID)
  /// The configuration was read anew.
  case modelsReplaced(ModelsChange)
}

/// Told of each notice and when it happened, in order. Called on the switcher's actor, so it must be quick.
package typealias Observer = @Sendable (Notice, Instant) -> Void

/// A switch as it begins.
package struct SwitchDecision: Hashable, Sendable {
  /// Counts from 1; the same as in the `SwitchRecord`.
  package let number: UInt64
  /// nil: the GPU is empty.
  package let from: ModelID?
  /// nil: a model is put to sleep and none woken.
  package let to: ModelID?
  package let trigger: Trigger
  /// The policy's reason, where the policy decided it.
  package let reason: Reason?
}

/// A model that does something else now.
package struct ModelChange: Hashable, Sendable {
  package let model: ModelID
  package let from: LifecycleState
  package let to: LifecycleState
  /// Why it failed, when that is what it has come to.
  package let failure: String?
}

/// What a new configuration made of the models.
package struct ModelsChange: Hashable, Sendable {
  /// All that there are now, in the order of the configuration.
  package let models: [ModelID]
  package let added: [ModelID]
  package let removed: [ModelID]
  /// Their servers are replaced by ones with other settings.
  package let renewed: [ModelID]
}
