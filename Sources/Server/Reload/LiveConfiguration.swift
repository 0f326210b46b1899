internal import Backends
internal import Core
internal import Policies
internal import Switcher

/// The configuration in force, and the one way to change it while the daemon runs: all of a change or nothing.
actor LiveConfiguration {
  /// Those who look at a part of the configuration while it is in force.
  struct Parties: Sendable {
    let switcher: ModelSwitcher
    let runtimes: RuntimeFactory
    let directory: LiveDirectory
    let switchMetrics: SwitchMetrics
    let runtimeMetrics: RuntimeMetrics
    let requestMetrics: RequestMetrics
    let traffic: TrafficMonitor
    let logs: Logs
  }

  private let source: ConfigurationSource
  private let started: Configuration
  private let parties: Parties
  private let logger: Logger
  private(set) var current: Configuration
  /// That of the configuration, or the one that was put in its place.
  private(set) var policy: PolicySettings
  private(set) var history = ReloadHistory()
  /// The change under way or made last: each one begins when the one before it is through.
  private var lastChange: Task<Void, Never>?

  init(_ configuration: Configuration, source: ConfigurationSource, parties: Parties, logger: Logger) {
    self.source = source
    self.parties = parties
    self.logger = logger
    started = configuration
    current = configuration
    policy = configuration.policy
  }

  /// Reads the configuration anew and puts it in force. Models that are gone or have other settings are drained and ended
  /// after that; nobody waits for it here.
  /// - Throws: `ConfigurationFaults`, and whatever keeps a model's server from being set up; nothing has changed then.
  func reload() async throws -> ReloadReport {
    try await inTurn { live in
      do {
        let report = try await live.adopt(try live.source.load())
        live.note(.success)
        live.logger.info(
          "reloaded",
          [
            "policy": report.policy, "added": report.added.joined(separator: " "),
            "removed": report.removed.joined(separator: " "), "renewed": report.renewed.joined(separator: " "),
          ])
        for warning in report.warnings { live.logger.warning("configuration", ["warning": warning]) }
        return report
      } catch {
        live.note(.failure)
        live.logger.error("not reloaded, the old configuration stays in force", ["error": "\(error)"])
        throw error
      }
    }
  }

  /// Puts another policy in force, until the next reload.
  /// - Parameter text: JSON, as the configuration's `policy` has it.
  /// - Returns: what in it has no effect.
  /// - Throws: `ConfigurationFaults`; the old policy stays in force then.
  func replacePolicy(_ text: [UInt8]) async throws -> [ConfigurationFault] {
    try await inTurn { live in
      let (settings, warnings) = try live.source.loader.decodePolicy(text, source: "body")
      await live.parties.switcher.replacePolicy(try settings.policy())
      live.use(settings)
      live.logger.info("policy replaced", ["policy": settings.name])
      return warnings
    }
  }

  private func adopt(_ new: Configuration) async throws -> ReloadReport {
    let report = ReloadReport(started: started, old: current, new: new)
    parties.logs.secrets.add(new.secrets)
    let policy = try new.policy.policy()
    let changed = Set(report.added + report.renewed)
    var newRuntimes: [ModelID: any ModelRuntime] = [:]
    for model in new.models where changed.contains(model.id.name) {
      newRuntimes[model.id] = DiscreetRuntime(
        runtime: try parties.runtimes.runtime(for: model.id, model.backend), secrets: parties.logs.secrets)
    }
    let revisions = new.models.map { model in
      ModelRevision(id: model.id, limits: model.limits, isRenewed: report.renewed.contains(model.id.name))
    }
    parties.switchMetrics.create(new.models.map(\.id))
    parties.runtimeMetrics.create(new.models)
    await parties.switcher.reconfigure(
      models: revisions, newRuntimes: newRuntimes, policy: policy, requestTimeout: new.longestWait,
      preload: new.preloadedModel == current.preloadedModel ? nil : new.preloadedModel)
    // Only now, so that no name leads to a model that the switcher does not know yet.
    parties.directory.replace(
      with: ModelDirectory(new.models, metrics: parties.requestMetrics, traffic: parties.traffic))
    parties.logs.apply(new.logging)
    current = new
    self.policy = new.policy
    return report
  }

  private func note(_ outcome: ReloadHistory.Outcome) { history.add(outcome) }

  private func use(_ policy: PolicySettings) { self.policy = policy }

  /// Lets one change go after the other, however long each one waits for others in between.
  private func inTurn<Outcome: Sendable>(
    _ change: @escaping @Sendable (isolated LiveConfiguration) async throws -> Outcome
  ) async throws -> Outcome {
    let before = lastChange
    let turn = Task {
      await before?.value
      return try await change(self)
    }
    lastChange = Task { _ = await turn.result }
    return try await turn.value
  }
}

extension Configuration {
  /// How long a request may wait for any of the models.
  var longestWait: Duration { models.map(\.requestTimeout).max() ?? .seconds(300) }
}
