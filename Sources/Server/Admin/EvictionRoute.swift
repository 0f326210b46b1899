internal import Backends
internal import Core
internal import HTTP
internal import Switcher

/// `GET /control/eviction`: how each model gives the GPU up, the operator's orders included. The shape is llmux's.
struct EvictionRoute: Sendable {
  let switcher: ModelSwitcher
  let live: LiveConfiguration
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, "/control/eviction") { exchange in
      try admission.admit(exchange)
      let models = await live.current.models
      let orders = await switcher.snapshot().models.map { ($0.id, $0.eviction) }
      let evictions = Evictions(
        models, orders: Dictionary(orders, uniquingKeysWith: { first, _ in first }),
        processes: await switcher.processStates())
      try await exchange.respondJSON(evictions)
    }
  }
}

private struct Evictions: Encodable {
  struct Words: Encodable {
    let weights: String
    let process: String
  }

  struct Model: Encodable {
    let eviction: Words
    /// Whether it is as the configuration says.
    let isConfigured: Bool
    let processState: String
  }

  let models: [String: Model]

  init(_ models: [ModelConfiguration], orders: [ModelID: Eviction?], processes: [ModelID: ProcessState]) {
    let shown = models.map { model in
      let order = orders[model.id] ?? nil
      let eviction = order ?? (try? model.backend.traits())?.eviction ?? .default
      let shown = Model(
        eviction: Words(weights: eviction.weights.rawValue, process: eviction.process.rawValue),
        isConfigured: order == nil, processState: (processes[model.id] ?? .stopped).rawValue)
      return (model.id.name, shown)
    }
    self.models = Dictionary(shown, uniquingKeysWith: { first, _ in first })
  }
}
