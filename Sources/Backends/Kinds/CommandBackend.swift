internal import Core

extension Backend {
  /// Any server that a command line starts; it sleeps by its configured steps, or not at all.
  package static let command = Backend(
    name: "command", keys: [.command, .url, .env, .checkpointPath, .eviction, .sleepEndpoints, .wakeEndpoints]
  ) { settings throws(BackendFaults) in
    var judge = SettingsJudge(settings)
    judge.requireCommand()
    let sleepModes = settings.configuredSleepModes ?? [.retain: .idle]
    let eviction = judge.eviction(sleepModes: sleepModes)
    return try judge.verdict(
      ServerPlan(
        settings, launch: Launch(settings, command: settings.command), eviction: eviction, sleepModes: sleepModes))
  }
}
