package import Core

/// How a server gives the GPU up, as its plan has it for one of the evictions.
enum EvictionMethod: Sendable, Equatable {
  /// Its processes end, whatever the weights.
  case stop
  /// The engine itself sleeps.
  case sleep(SleepMode)
  /// The engine sleeps, then its processes are taken off the GPU; what remains of the weights is in the machine's memory.
  case suspend(SleepMode)
  /// The engine sleeps, then its processes are written to disk and end.
  case checkpoint(SleepMode)

  /// What the engine is told, if it lives on in some way.
  var mode: SleepMode? {
    switch self {
    case .stop: nil
    case .sleep(let mode), .suspend(let mode), .checkpoint(let mode): mode
    }
  }
}

extension ServerPlan {
  /// How the server carries the eviction out.
  /// - Throws: why it can't.
  func method(for eviction: Eviction) throws(RuntimeFailure) -> EvictionMethod {
    guard eviction.process != .stop else { return .stop }
    guard let mode = sleepModes[eviction.weights] else {
      throw RuntimeFailure("the server can't sleep as \(eviction): it has no sleep steps for that")
    }
    let isOurs = launch != nil
    switch eviction.process {
    case .stop: return .stop
    case .keepRunning: return .sleep(mode)
    case .cudaSuspend where isOurs: return .suspend(suspendsNCCL ? mode.suspendingNCCL : mode)
    case .checkpoint where isOurs && checkpointing.isPossible:
      return .checkpoint(suspendsNCCL ? mode.suspendingNCCL : mode)
    case .checkpoint where isOurs:
      throw RuntimeFailure(
        "the server can't be checkpointed: its output goes to the daemon, not to a file, which it does only where the "
          + "configured eviction is checkpoint or there is a checkpoint_path")
    case .cudaSuspend, .checkpoint:
      throw RuntimeFailure("the server at \(upstream.origin) is run by somebody else: its processes are not ours")
    }
  }
}

extension SleepMode {
  /// The same for a server whose GPUs talk with each other: their connections are taken down last and come back first.
  var suspendingNCCL: SleepMode {
    let suspend = ControlStep("/collective_rpc", body: #"{"method":"suspend_nccl"}"#)
    let resume = ControlStep("/collective_rpc", body: #"{"method":"resume_nccl"}"#)
    return SleepMode(
      sleepSteps: sleepSteps + [suspend], wakeSteps: [resume] + wakeSteps, proof: proof, wakeKind: wakeKind)
  }
}

/// What becomes of the GPU when a model is put to sleep in some way.
package enum EvictionSupport: Hashable, Sendable {
  case freesGPU
  /// Nothing is done, so its memory stays as full as it is: good only for a model that has the GPU for itself.
  case keepsGPU
  /// Worded for a person.
  case impossible(String)
}

extension BackendSettings {
  /// What becomes of the GPU when the model is put to sleep like that; nil: as it is configured.
  /// - Throws: all that is wrong with the settings.
  package func support(of eviction: Eviction?) throws(BackendFaults) -> EvictionSupport {
    guard case .server(let plan) = try backend.blueprint(self) else {
      guard let eviction, eviction.process != .stop else { return .freesGPU }
      return .impossible("found \(eviction), expected one that stops: a hosted model has only that way to sleep")
    }
    let eviction = eviction ?? plan.eviction
    do throws(RuntimeFailure) {
      let method = try plan.method(for: eviction)
      if plan.launch == nil, method == .stop {
        return .impossible("found \(eviction), expected one with keep_running: the server is run by somebody else")
      }
      return plan.launch != nil && method == .sleep(.idle) ? .keepsGPU : .freesGPU
    } catch {
      return .impossible(error.message)
    }
  }

  /// Whether the model's server is started here, and so shares the GPU with all others that are.
  package var isStarted: Bool {
    guard case .server(let plan)? = try? backend.blueprint(self) else { return false }
    return plan.launch != nil
  }
}
