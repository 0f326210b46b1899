internal import Backends
internal import Core

/// The names by which clients may ask for models: a table that only the configuration fills.
struct ModelDirectory: Sendable {
  /// What a name leads to.
  final class Entry: Sendable {
    let model: ModelID
    /// What the model server calls the model.
    let upstreamName: String
    /// How long a request may wait for the model.
    let requestTimeout: Duration
    /// The model that is tried when this one can't be woken.
    let fallback: ModelID?
    /// Whether a stream is to end with its usage, though the client did not say so.
    let wantsStreamUsage: Bool
    let metrics: RequestMetrics.Model
    let traffic: TrafficMeter

    fileprivate init(_ configuration: ModelConfiguration, metrics: RequestMetrics.Model, traffic: TrafficMeter) {
      model = configuration.id
      upstreamName = configuration.backend.upstream.modelName ?? configuration.id.name
      requestTimeout = configuration.requestTimeout
      fallback = configuration.fallback
      wantsStreamUsage = configuration.streamUsage
      self.metrics = metrics
      self.traffic = traffic
    }
  }

  private var entries: [String: Entry] = [:]
  /// In the order of the configuration, for lists and messages.
  let models: [ModelID]

  /// - Parameters:
  ///   - metrics: gets the series of every model.
  ///   - traffic: gets a meter for every model.
  init(_ configurations: [ModelConfiguration], metrics: RequestMetrics, traffic: TrafficMonitor) {
    models = configurations.map(\.id)
    for model in configurations {
      let entry = Entry(model, metrics: metrics[model.id], traffic: traffic[model.id])
      for name in [model.id.name] + model.aliases { entries[name] = entry }
    }
  }

  /// - Throws: `model_not_found`, naming what there is.
  func entry(named name: String) throws(APIError) -> Entry {
    guard let entry = entries[name] else { throw .unknownModel(name, known: models.map(\.name)) }
    return entry
  }

  func contains(_ name: String) -> Bool { entries[name] != nil }
}
