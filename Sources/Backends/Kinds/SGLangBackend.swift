internal import Core

extension Backend {
  /// SGLang, with the flags and the steps that releasing its memory takes.
  ///
  /// Its orders are not idempotent: a second release, or a resume while awake, ends the whole server. Each is given once,
  /// by what the runtime remembers of the server, and never again after a failure.
  package static let sglang = Backend(
    name: "sglang",
    keys: [.command, .modelPath, .extraArguments, .env, .checkpointPath, .eviction, .sleepEndpoints, .wakeEndpoints],
    // Answers from memory; /health has the engine generate a token, which a sleeping one can't.
    healthPath: "/model_info"
  ) { settings throws(BackendFaults) in
    var judge = SettingsJudge(settings)
    judge.requireModelPath()
    judge.forbidRetries(of: ["/release_memory_occupation", "/resume_memory_occupation"])
    let given = settings.extraArguments
    let canSleep = settings.sleepsInPlace || given.contains(memoryFlag)
    let backsUp = settings.sleepsInPlace && settings.effectiveEviction.weights == .offload
    let keepsWeights = canSleep && (backsUp || given.contains(weightsFlag))
    let preset: [Eviction.Weights: SleepMode] =
      canSleep ? sleepModes(settings, keepsWeights: keepsWeights) : [.retain: .idle]
    let sleepModes = settings.configuredSleepModes ?? preset
    let eviction = judge.eviction(sleepModes: sleepModes)

    let program = settings.command.isEmpty ? ["python", "-m", "sglang.launch_server"] : settings.command
    var arguments = ["--model-path", settings.modelPath ?? "", "--port", "\(settings.upstream.origin.port)"]
    if canSleep { arguments.append(memoryFlag) }
    if keepsWeights { arguments.append(weightsFlag) }
    arguments += given.filter { $0 != memoryFlag && $0 != weightsFlag }
    let launch = Launch(settings, command: program + arguments)
    return try judge.verdict(ServerPlan(settings, launch: launch, eviction: eviction, sleepModes: sleepModes))
  }

  private static let memoryFlag = "--enable-memory-saver"
  private static let weightsFlag = "--enable-weights-cpu-backup"

  /// Both orders need a body; without one they are refused. Without the backup the weights are undefined after a resume,
  /// until they are read from disk.
  private static func sleepModes(_ settings: BackendSettings, keepsWeights: Bool) -> [Eviction.Weights: SleepMode] {
    let sleepSteps = [
      ControlStep("/pause_generation", body: #"{"mode":"abort"}"#),
      ControlStep("/release_memory_occupation", body: "{}"),
    ]
    let resume = ControlStep("/resume_memory_occupation", body: "{}")
    let reload = ControlStep(
      "/update_weights_from_disk",
      body: #"{"model_path":\#(jsonString(settings.modelPath ?? "")),"flush_cache":true}"#,
      timeout: max(settings.wakeTimeout, .seconds(180)))
    let goOn = ControlStep("/continue_generation", body: "{}")
    var modes: [Eviction.Weights: SleepMode] = [
      .retain: .idle,
      .discard: SleepMode(sleepSteps: sleepSteps, wakeSteps: [resume, reload, goOn], proof: .none, wakeKind: .wakeL2),
    ]
    if keepsWeights {
      modes[.offload] = SleepMode(sleepSteps: sleepSteps, wakeSteps: [resume, goOn], proof: .none, wakeKind: .wakeL1)
    }
    return modes
  }
}
