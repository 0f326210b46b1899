internal import Core

extension Backend {
  /// A server that shell commands start, wake and put to sleep, in whatever way they know.
  package static let hooks = Backend(
    name: "hooks", keys: [.url, .env, .wake, .sleep, .stop, .alive], wakeTimeout: .seconds(300)
  ) { settings throws(BackendFaults) in
    var judge = SettingsJudge(settings)
    let hooks = settings.hooks ?? Hooks(wake: "", sleep: "")
    if hooks.wake.isEmpty { judge.fault("wake", "missing, expected the shell command that makes the model serve") }
    if hooks.sleep.isEmpty { judge.fault("sleep", "missing, expected the shell command that frees the GPU") }
    return try judge.verdict(
      .hosted(
        HostPlan { site in
          HookHost(
            hooks: hooks, site: site, environment: settings.environment, healthPath: settings.healthPath,
            sleepTimeout: settings.sleepTimeout, wakeTimeout: settings.wakeTimeout)
        }))
  }
}
