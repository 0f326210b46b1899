internal import Core

/// Gathers what is wrong with a model's settings, so that all of it is reported at once.
struct SettingsJudge {
  private let settings: BackendSettings
  private var faults: [BackendFault] = []

  init(_ settings: BackendSettings) { self.settings = settings }

  mutating func fault(_ key: String, _ message: String) { faults.append(BackendFault(key: key, message: message)) }

  mutating func requireCommand() {
    if settings.command.first?.isEmpty ?? true {
      fault("command", "missing, expected the program that serves the model and its arguments")
    }
  }

  /// The eviction that `sleep(nil)` carries out: the configured one, else sleeping in place where there are steps for it,
  /// else what llmux does.
  mutating func eviction(sleepModes: [Eviction.Weights: SleepMode]) -> Eviction {
    let stepsGiven = settings.configuredSleepModes != nil
    let fallback = stepsGiven ? Eviction(weights: .offload, process: .keepRunning) : .default
    let eviction = settings.eviction ?? fallback
    requireSupport(for: eviction, among: sleepModes)
    return eviction
  }

  mutating func requireSupport(for eviction: Eviction, among sleepModes: [Eviction.Weights: SleepMode]) {
    switch eviction.process {
    case .stop: break
    case .keepRunning where sleepModes[eviction.weights] != nil: break
    case .keepRunning:
      fault(
        "eviction",
        "found \(eviction), expected sleep_endpoints and wake_endpoints with it: "
          + "the \(settings.backend) backend has none of its own")
    case .cudaSuspend, .checkpoint:
      fault(
        "eviction.process",
        #"found "\#(eviction.process.rawValue)", which is not supported yet; expected "keep_running" or "stop""#)
    }
  }

  /// The plan, if nothing was wrong.
  func verdict(_ plan: ServerPlan) throws(BackendFaults) -> ServerPlan {
    guard faults.isEmpty else { throw BackendFaults(faults: faults) }
    return plan
  }
}

extension BackendSettings {
  /// The configured steps, which say themselves what becomes of the weights; nil where none are configured.
  var configuredSleepModes: [Eviction.Weights: SleepMode]? {
    guard !(sleepSteps.isEmpty && wakeSteps.isEmpty) else { return nil }
    let modes = Eviction.Weights.allCases.map { weights in
      SleepMode(
        sleepSteps: sleepSteps, wakeSteps: wakeSteps, proof: backend == .vllm ? .required : .ifOffered,
        wakeKind: WakeKind(from: weights))
    }
    return Dictionary(uniqueKeysWithValues: zip(Eviction.Weights.allCases, modes))
  }
}

extension Launch {
  init(_ settings: BackendSettings, command: [String], preset: [String: String] = [:]) {
    self.init(
      command: command, environment: preset.merging(settings.environment) { $1 }, stopGrace: settings.stopGrace)
  }
}

extension ServerPlan {
  init(
    _ settings: BackendSettings, launch: Launch?, eviction: Eviction, sleepModes: [Eviction.Weights: SleepMode]
  ) {
    self.init(
      upstream: settings.upstream, launch: launch, healthPath: settings.healthPath,
      warmsUp: settings.warmsUp, eviction: eviction, sleepModes: sleepModes,
      startupTimeout: settings.startupTimeout, sleepTimeout: settings.sleepTimeout, wakeTimeout: settings.wakeTimeout)
  }
}
