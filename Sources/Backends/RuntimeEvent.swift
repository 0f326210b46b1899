package import Core

/// Something that a model's runtime has done and how long it took, told to those who measure.
package enum RuntimeEvent: Hashable, Sendable {
  /// The model was made able to serve; from the order to wake on.
  case woke(WakeKind, Duration)
  /// A control step has ended, well or not, with all its tries. Steps count from 1, as in the log.
  case stepTaken(ControlOperation, step: Int, Duration)
}

/// Told what the runtime of which model has done; called by the runtimes, so it must be quick.
package typealias RuntimeObserver = @Sendable (ModelID, RuntimeEvent) -> Void

/// What control steps are taken for.
package enum ControlOperation: String, Sendable, CaseIterable {
  case sleep, wake
}

/// What a wake began from, which is what it costs.
package enum WakeKind: String, Sendable, CaseIterable {
  /// No process: the server is started and loads its weights.
  case coldStart = "cold_start"
  /// The weights were in the machine's memory (vLLM's sleep level 1).
  case wakeL1 = "wake_l1"
  /// The weights had been given up and are read anew (vLLM's sleep level 2).
  case wakeL2 = "wake_l2"
  /// The weights were still on the GPU.
  case resume
  /// The process is brought back from a checkpoint.
  case restore

  /// The wake of a server whose process lives on.
  init(from weights: Eviction.Weights) {
    switch weights {
    case .retain: self = .resume
    case .offload: self = .wakeL1
    case .discard: self = .wakeL2
    }
  }
}
