package import Core
package import Policies

/// Who may be served: everyone, as the policy decides, or only one model, as the operator decides.
package enum Mode: Hashable, Sendable {
  case auto
  /// Nothing switches by itself. Without a pin, the model that is awake is served.
  case manual(pinned: ModelID?)

  package var isManual: Bool { self != .auto }

  package var pinned: ModelID? {
    if case .manual(let pinned) = self { pinned } else { nil }
  }
}

/// What an operator can ask for.
package enum Command: Hashable, Sendable {
  case auto
  case manual
  /// Manual mode plus a switch to the model, taken back if the switch fails.
  case pin(ModelID)
  case unpin
  /// A switch that does not ask the policy; it waits for the drain all the same. In manual mode the pin moves along.
  case force(ModelID)
  case wake(ModelID)
  case sleep(ModelID, Eviction?)
  /// From now on the model gives the GPU up like that, until the configuration is read anew.
  case setEviction(ModelID, Eviction)
}

/// Tells an operator's pending commands apart.
package struct CommandID: Hashable, Sendable {
  package let number: UInt64

  package init(number: UInt64) { self.number = number }
}

/// Why a request was not granted, or a command not carried out.
package enum SwitchError: Error, Hashable, Sendable {
  case unknownModel(ModelID)
  /// Manual mode serves another model, or none.
  case manualMode(served: ModelID?)
  case queueFull(limit: Int)
  /// The request waited as long as it may.
  case timedOut(after: Duration)
  /// The model could not be made ready; `retryAfter` is when it will be tried again at the earliest.
  case switchFailed(ModelID, message: String, retryAfter: Duration)
  /// The caller went away while it waited.
  case abandoned
  /// A later command made this one moot.
  case superseded(message: String)
  case shuttingDown
}

/// What set a switch off.
package enum Trigger: String, Sendable, CaseIterable {
  case request, tick, force, pin, startup, recovery, reload, idle
}

/// A part of a switch that is timed by itself.
package enum SwitchPhase: String, Sendable, CaseIterable {
  /// The policy wanted to leave, but the active model had its least time to go.
  case cooldown
  case drain, sleep, wake
}

/// What kept a switch from reaching its target.
package struct SwitchFailure: Hashable, Sendable {
  /// A small fixed set, since it labels metrics.
  package enum Reason: String, Sendable, CaseIterable {
    /// The target could not be woken or started.
    case wakeFailed = "wake_failed"
    /// It took too long.
    case timedOut = "timed_out"
    /// The target's server ended meanwhile, or as soon as it was up.
    case died
    /// A server could not be ended, so the GPU may still be held.
    case stopFailed = "stop_failed"
    /// The operator wanted the target asleep.
    case `operator`
    /// The target is not configured any more.
    case removed

    /// Why a wake failed.
    init(_ cause: RuntimeFailure.Cause) {
      switch cause {
      case .timedOut, .unreachable: self = .timedOut
      case .serverEnded: self = .died
      case .other: self = .wakeFailed
      }
    }
  }

  /// The phase that it failed in.
  package let phase: SwitchPhase
  package let reason: Reason
  /// Worded for a person.
  package let message: String
}

/// A switch that has ended, however it ended.
package struct SwitchRecord: Sendable {
  package enum Outcome: String, Sendable, CaseIterable { case success, failed, cancelled }

  package let number: UInt64
  /// nil: the GPU was empty.
  package let from: ModelID?
  /// nil: a model was put to sleep and none woken.
  package let to: ModelID?
  package let trigger: Trigger
  package let reason: Reason?
  package let outcome: Outcome
  /// Why the target could not be had.
  package let failure: SwitchFailure?
  package let decidedAt: Instant
  package let endedAt: Instant
  /// Each phase that was entered, in order, the failed one included.
  package let phases: [(phase: SwitchPhase, duration: Duration)]
  /// How many requests were cut off because the drain took too long.
  package let cutRequests: Int

  package var total: Duration { endedAt - decidedAt }
}
