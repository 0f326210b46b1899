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

  mutating func requireModelPath() {
    if settings.modelPath?.isEmpty ?? true {
      fault("model_path", "missing, expected the path or repository of the model that \(settings.backend) serves")
    }
  }

  /// Steps of one's own are for servers that are spoken to by steps.
  mutating func forbidSteps(because reason: String) {
    for (key, steps) in [("sleep_endpoints", settings.sleepSteps), ("wake_endpoints", settings.wakeSteps)]
    where !steps.isEmpty {
      fault(key, "found steps, expected none: \(reason)")
    }
  }

  /// A step may not be tried again where the server would not survive to be told twice.
  mutating func forbidRetries(of endpoints: Set<String>) {
    for (key, steps) in [("sleep_endpoints", settings.sleepSteps), ("wake_endpoints", settings.wakeSteps)] {
      for request in steps.flatMap(\.requests) where request.retries > 0 {
        guard endpoints.contains(String(request.endpoint.prefix { $0 != "?" })) else { continue }
        fault(key, "found retries of \(request.endpoint), expected none: a second one would end the server")
      }
    }
  }

  /// The eviction that `sleep(nil)` carries out.
  mutating func eviction(sleepModes: [Eviction.Weights: SleepMode]) -> Eviction {
    requireSupport(for: settings.effectiveEviction, among: sleepModes)
    return settings.effectiveEviction
  }

  mutating func requireSupport(for eviction: Eviction, among sleepModes: [Eviction.Weights: SleepMode]) {
    switch eviction.process {
    case .stop: break
    case .keepRunning, .cudaSuspend, .checkpoint:
      guard sleepModes[eviction.weights] == nil else { break }
      fault(
        "eviction",
        "found \(eviction), expected sleep_endpoints and wake_endpoints with it: "
          + "the \(settings.backend) backend has none of its own")
    }
  }

  /// The blueprint, if nothing was wrong.
  func verdict(_ plan: ServerPlan) throws(BackendFaults) -> Blueprint {
    guard plan.launch != nil, plan.upstream.web != nil else { return try verdict(.server(plan)) }
    var judge = self
    judge.fault("url", "found \(plan.upstream.url), expected http: TLS is for servers that somebody else runs")
    return try judge.verdict(.server(plan))
  }

  /// The blueprint, if nothing was wrong.
  func verdict(_ blueprint: Blueprint) throws(BackendFaults) -> Blueprint {
    guard faults.isEmpty else { throw BackendFaults(faults: faults) }
    return blueprint
  }
}

extension BackendSettings {
  /// The configured eviction, else sleeping in place where there are steps for it, else what llmux does.
  var effectiveEviction: Eviction {
    eviction ?? (configuredSleepModes == nil ? .default : Eviction(weights: .offload, process: .keepRunning))
  }

  /// Whether that ever asks the engine itself to sleep.
  var sleepsInPlace: Bool {
    effectiveEviction.process != .stop && (effectiveEviction.weights != .retain || !sleepSteps.isEmpty)
  }

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
    let checkpointing = Checkpointing(settings).isPossible ? Checkpointing.environment : [:]
    self.init(
      command: command, environment: preset.merging(checkpointing) { $1 }.merging(settings.environment) { $1 },
      stopGrace: settings.stopGrace)
  }
}

extension ServerPlan {
  init(
    _ settings: BackendSettings, launch: Launch?, eviction: Eviction, sleepModes: [Eviction.Weights: SleepMode],
    suspendsNCCL: Bool = false
  ) {
    self.init(
      upstream: settings.upstream, launch: launch, healthPath: settings.healthPath,
      warmsUp: settings.warmsUp, eviction: eviction, sleepModes: sleepModes,
      startupTimeout: settings.startupTimeout, sleepTimeout: settings.sleepTimeout, wakeTimeout: settings.wakeTimeout,
      checkpointing: Checkpointing(settings), suspendsNCCL: suspendsNCCL)
  }
}
