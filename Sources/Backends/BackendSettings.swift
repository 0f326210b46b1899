package import Core

/// What is configured about one model's server, decoded but not yet judged: `faults()` does that, `Backend` builds on it.
package struct BackendSettings: Hashable, Sendable {
  package var backend: Backend
  /// Where the server listens, or shall: a started server gets this port.
  package var upstream: Upstream
  /// `command`: the program and its arguments. Where the backend knows the arguments itself: the program to put before
  /// them, empty for the usual one.
  package var command: [String] = []
  /// What is added to the daemon's own environment, over what the backend itself adds.
  package var environment: [String: String] = [:]
  /// What a server that is started serves: a path or a repository.
  package var modelPath: String?
  /// Arguments after those that the backend gives its server.
  package var extraArguments: [String] = []
  /// The model's own eviction, else the policy's; nil where neither is configured: then whatever the sleep steps allow.
  package var eviction: Eviction?
  /// Take the place of the preset's steps where there are any. Either both arrays have steps or neither has.
  package var sleepSteps: [ControlStep] = []
  package var wakeSteps: [ControlStep] = []
  /// Answers 200 once the server is up.
  package var healthPath: String
  /// Whether one token is asked for after a cold start, so that the first client does not wait for what is compiled lazily.
  package var warmsUp = false
  /// From the start of the process to its health.
  package var startupTimeout: Duration = .seconds(1800)
  /// From the polite order to end to the forced one.
  package var stopGrace: Duration = .seconds(10)
  /// For each sleep step, and once more for the server to report that it sleeps. The first sleep of a large model takes
  /// more than half a minute, while the pinned memory is allocated.
  package var sleepTimeout: Duration = .seconds(120)
  /// For each wake step; for the whole wake of a hosted model.
  package var wakeTimeout: Duration
  /// What a checkpoint is made with; a cuda_suspend takes its `cudaCheckpoint` too.
  package var checkpoint = CheckpointSettings()
  /// The directory of the images that the first wake restores, in place of a cold start; nil: none.
  package var checkpointPath: String?
  /// `hooks` only.
  package var hooks: Hooks?
  /// `hf_endpoint` only.
  package var endpoint: InferenceEndpoint?

  package init(backend: Backend, upstream: Upstream) {
    self.backend = backend
    self.upstream = upstream
    healthPath = backend.healthPath
    wakeTimeout = backend.wakeTimeout
  }

  /// What is wrong with the settings, all of it; empty where a runtime can be made of them.
  package func faults() -> [BackendFault] {
    do throws(BackendFaults) {
      _ = try backend.blueprint(self)
      return []
    } catch {
      return error.faults
    }
  }
}

/// One thing that is wrong with a model's settings.
package struct BackendFault: Hashable, Sendable {
  /// The configuration's key that is at fault, from the model's own object: "command", "eviction.process".
  package let key: String
  /// What was found and what was expected.
  package let message: String

  package init(key: String, message: String) {
    self.key = key
    self.message = message
  }
}

/// Everything that is wrong with a model's settings; never empty.
package struct BackendFaults: Error, Hashable, CustomStringConvertible {
  package let faults: [BackendFault]

  package var description: String { faults.map { "\($0.key): \($0.message)" }.joined(separator: "; ") }
}
