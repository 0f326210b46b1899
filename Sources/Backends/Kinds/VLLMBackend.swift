internal import Core

extension Backend {
  /// `vllm serve`, with the flags, the environment and the steps that its sleep mode takes.
  package static let vllm = Backend(
    name: "vllm",
    keys: [.command, .modelPath, .extraArguments, .env, .checkpointPath, .eviction, .sleepEndpoints, .wakeEndpoints]
  ) { settings throws(BackendFaults) in
    var judge = SettingsJudge(settings)
    judge.requireModelPath()
    let canSleep = settings.sleepsInPlace || settings.extraArguments.contains(sleepModeFlag)
    let preset: [Eviction.Weights: SleepMode] = canSleep ? sleepModes(settings) : [.retain: .idle]
    let sleepModes = settings.configuredSleepModes ?? preset
    let eviction = judge.eviction(sleepModes: sleepModes)

    let program = settings.command.isEmpty ? ["vllm"] : settings.command
    let flag = canSleep && !settings.extraArguments.contains(sleepModeFlag) ? [sleepModeFlag] : []
    let command = program + ["serve", settings.modelPath ?? "", "--port", "\(settings.upstream.origin.port)"] + flag
    let environment = ["VLLM_SERVER_DEV_MODE": "1", "NO_COLOR": "1"]
    let launch = Launch(settings, command: command + settings.extraArguments, preset: environment)
    return try judge.verdict(
      ServerPlan(
        settings, launch: launch, eviction: eviction, sleepModes: sleepModes,
        suspendsNCCL: isTensorParallel(settings.extraArguments)))
  }

  /// Whether several GPUs work on the model together.
  private static func isTensorParallel(_ arguments: [String]) -> Bool {
    var size = 1
    for (index, argument) in arguments.enumerated() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard let flag = parts.first, ["--tensor-parallel-size", "-tp"].contains(flag) else { continue }
      let value = parts.count == 2 ? parts[1] : arguments.dropFirst(index + 1).first
      size = value.flatMap { Int($0) } ?? size
    }
    return size > 1
  }

  private static let sleepModeFlag = "--enable-sleep-mode"

  /// The level stands in the query: vLLM does not read a body. A reload reads the weights from disk, which takes longer
  /// than other wake steps; a prefix cache that can't be reset is stale at worst until it is overwritten.
  private static func sleepModes(_ settings: BackendSettings) -> [Eviction.Weights: SleepMode] {
    let reloadTimeout = max(settings.wakeTimeout, .seconds(180))
    return [
      .retain: .idle,
      .offload: SleepMode(
        sleepSteps: [ControlStep("/sleep?level=1")], wakeSteps: [ControlStep("/wake_up")], proof: .required,
        wakeKind: .wakeL1),
      .discard: SleepMode(
        sleepSteps: [ControlStep("/sleep?level=2")],
        wakeSteps: [
          ControlStep("/wake_up"),
          ControlStep("/collective_rpc", body: #"{"method":"reload_weights"}"#, timeout: reloadTimeout),
          ControlStep("/reset_prefix_cache", isOptional: true),
        ],
        proof: .required, wakeKind: .wakeL2),
    ]
  }
}
