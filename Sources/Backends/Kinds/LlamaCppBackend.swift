internal import Core

extension Backend {
  /// llama.cpp's `llama-server`: a process of its own for the model, or, where only the `url` of a server in router mode is
  /// given, one model among that server's.
  package static let llamaCpp = Backend(
    name: "llama_cpp",
    keys: [.command, .modelPath, .extraArguments, .env, .url, .eviction, .sleepEndpoints, .wakeEndpoints]
  ) { settings throws(BackendFaults) in
    try settings.isRouted ? routed(settings) : server(settings)
  }

  /// By which llama-server is told its model, when not by the configuration's model_path.
  fileprivate static let modelFlags: Set = ["-m", "--model", "-hf", "-hfr", "--hf-repo", "-mu", "--model-url"]

  private static func server(_ settings: BackendSettings) throws(BackendFaults) -> Blueprint {
    var judge = SettingsJudge(settings)
    let sleepModes = settings.configuredSleepModes ?? [.retain: .idle]
    let eviction = judge.eviction(sleepModes: sleepModes)
    let program = settings.command.isEmpty ? ["llama-server"] : settings.command
    let model = settings.modelPath.map { ["-m", $0] } ?? []
    let command = program + model + ["--port", "\(settings.upstream.origin.port)"] + settings.extraArguments
    return try judge.verdict(
      ServerPlan(settings, launch: Launch(settings, command: command), eviction: eviction, sleepModes: sleepModes))
  }

  private static func routed(_ settings: BackendSettings) throws(BackendFaults) -> Blueprint {
    var judge = SettingsJudge(settings)
    let reason = "without a model_path the server at the url is a router, which somebody else runs"
    if !settings.command.isEmpty { judge.fault("command", "found a command, expected none: \(reason)") }
    if !settings.extraArguments.isEmpty { judge.fault("extra_args", "found some, expected none: \(reason)") }
    if !settings.environment.isEmpty { judge.fault("env", "found variables, expected none: \(reason)") }
    if let eviction = settings.eviction, eviction.process != .stop {
      judge.fault("eviction", "found \(eviction), expected none: a router ends the process of a model that it unloads")
    }
    judge.forbidSteps(because: "a router loads and unloads by itself what it is told to")
    return try judge.verdict(
      .hosted(
        HostPlan { site in
          RouterHost(
            control: site.control, model: site.modelName, sleepTimeout: settings.sleepTimeout,
            startupTimeout: settings.startupTimeout)
        }))
  }
}

extension BackendSettings {
  /// Whether the model is one among those of a llama-server in router mode, which somebody else runs.
  package var isRouted: Bool {
    backend == .llamaCpp && modelPath == nil && !extraArguments.contains { Backend.modelFlags.contains($0) }
  }
}
