internal import Core

/// The names by which clients may ask for models: a table that only the configuration fills.
struct ModelDirectory: Sendable {
  /// What a name leads to.
  struct Entry: Sendable {
    let model: ModelID
    /// What the model server is to be told instead of the name that the client used; nil: the body stays as it is.
    let upstreamName: String?
    /// How long a request may wait for the model.
    let requestTimeout: Duration
  }

  private var entries: [String: Entry] = [:]
  /// In the order of the configuration, for lists and messages.
  private(set) var models: [ModelID] = []

  /// Adds a model with its aliases. A server knows its model by the model's own name, unless it is called otherwise there.
  mutating func add(_ model: ModelID, aliases: [String], upstreamName: String?, requestTimeout: Duration) {
    models.append(model)
    entries[model.name] = Entry(model: model, upstreamName: upstreamName, requestTimeout: requestTimeout)
    for alias in aliases {
      entries[alias] = Entry(
        model: model, upstreamName: upstreamName ?? model.name, requestTimeout: requestTimeout)
    }
  }

  /// - Throws: `model_not_found`, naming what there is.
  func entry(named name: String) throws(APIError) -> Entry {
    guard let entry = entries[name] else { throw .unknownModel(name, known: models.map(\.name)) }
    return entry
  }

  func contains(_ name: String) -> Bool { entries[name] != nil }
}
