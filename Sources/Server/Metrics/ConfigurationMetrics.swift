internal import Backends
internal import Core
internal import Metrics

/// The metrics of what is configured, and of how it came to be in force.
struct ConfigurationMetrics: Sendable {
  private let reloads: Collected<ReloadHistory.Outcome>
  private let isLastSuccessful: Collected<>
  private let lastSuccess: Collected<>
  private let modelCount: Collected<>
  private let modelInfo: Collected<String, Eviction.Weights, Eviction.ProcessStrategy>

  init(registry: Registry) {
    reloads = registry.collectedCounter(
      "switcher_config_reloads_total", help: "Times that the configuration was read anew.", labels: "outcome")
    isLastSuccessful = registry.gauge(
      "switcher_config_last_reload_successful", help: "1 if the configuration that was read last is in force.")
    lastSuccess = registry.gauge(
      "switcher_config_last_reload_success_timestamp_seconds", help: "When the configuration in force was read.")
    modelCount = registry.gauge("switcher_config_models", help: "Models in the configuration in force.")
    modelInfo = registry.gauge(
      "switcher_model_info", help: "1; what becomes of the model's weights and process when it gives up the GPU.",
      labels: "model", "weights", "process")
  }

  /// Reads the configuration whenever somebody scrapes.
  func expose(_ live: LiveConfiguration, registry: Registry) {
    registry.collect { samples in
      let (models, history) = await (live.current.models, live.history)
      for outcome in ReloadHistory.Outcome.allCases { samples.set(reloads, outcome, to: history.counts[outcome] ?? 0) }
      samples.set(isLastSuccessful, to: history.isLastSuccessful ? 1 : 0)
      samples.set(lastSuccess, to: history.lastSuccess)
      samples.set(modelCount, to: models.count)
      for model in models {
        // Faults in the settings have kept the configuration from coming this far.
        guard let eviction = try? model.backend.traits().eviction else { continue }
        samples.set(modelInfo, model.id.name, eviction.weights, eviction.process, to: 1)
      }
    }
  }
}

/// How reading the configuration anew has gone so far.
struct ReloadHistory: Sendable {
  enum Outcome: String, Sendable, CaseIterable, LabelValue { case success, failure }

  private(set) var counts: [Outcome: Int] = [:]
  private(set) var isLastSuccessful = true
  /// In seconds since 1970; that of the start counts.
  private(set) var lastSuccess = UnixTime.seconds()

  mutating func add(_ outcome: Outcome) {
    counts[outcome, default: 0] += 1
    isLastSuccessful = outcome == .success
    if isLastSuccessful { lastSuccess = UnixTime.seconds() }
  }
}

extension Eviction.Weights: LabelValue {}
extension Eviction.ProcessStrategy: LabelValue {}
