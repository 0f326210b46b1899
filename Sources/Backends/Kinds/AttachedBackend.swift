internal import Core

extension Backend {
  /// A server that somebody else runs: it is woken and put to sleep by its configured steps, never started or stopped.
  package static let attached = Backend(
    name: "attached", keys: [.url, .eviction, .sleepEndpoints, .wakeEndpoints]
  ) { settings throws(BackendFaults) in
    let reason = "an attached server is run by somebody else"
    var judge = SettingsJudge(settings)
    if let process = settings.eviction?.process, process != .keepRunning {
      judge.fault("eviction.process", #"found "\#(process.rawValue)", expected "keep_running": \#(reason)"#)
    }
    let sleepModes = settings.configuredSleepModes ?? [.retain: .idle]
    let eviction = settings.eviction ?? Eviction(weights: .retain, process: .keepRunning)
    judge.requireSupport(for: eviction, among: sleepModes)
    return try judge.verdict(ServerPlan(settings, launch: nil, eviction: eviction, sleepModes: sleepModes))
  }
}
