internal import Core
internal import HTTP
internal import Switcher
internal import Synchronization

/// What clients ask of the daemon itself: whether it lives, and which models there are.
struct ClientRoutes: Sendable {
  let switcher: ModelSwitcher
  let directory: LiveDirectory
  let readiness: Readiness
  /// When the daemon started, in seconds since 1970: what `created` says of each model.
  let startedAt: Int

  func add(to router: inout Router) {
    router.add(.get, "/health") { exchange in try await exchange.respondJSON(["status": "ok"]) }
    router.add(.get, "/ready") { exchange in
      let isReady = readiness.isReady
      try await exchange.respondJSON(["status": isReady ? "ready" : "shutting_down"], status: isReady ? 200 : 503)
    }
    router.add(.get, "/v1/models") { exchange in
      let states = await states()
      let entries = directory.current.models.map { entry($0.name, states[$0]) }
      try await exchange.respondJSON(ModelList(data: entries))
    }
    router.add(.get, under: "/v1/models/") { exchange in
      let name = percentDecoded(exchange.path.dropFirst("/v1/models/".count))
      let model = try directory.current.entry(named: name).model
      try await exchange.respondJSON(entry(name, await states()[model]))
    }
  }

  private func states() async -> [ModelID: LifecycleState] {
    let models = await switcher.snapshot().models
    return Dictionary(uniqueKeysWithValues: models.map { ($0.id, $0.state) })
  }

  private func entry(_ name: String, _ state: LifecycleState?) -> ModelEntry {
    ModelEntry(id: name, created: startedAt, status: (state ?? .stopped).rawValue)
  }
}

/// OpenAI's list of models.
private struct ModelList: Encodable {
  var object = "list"
  let data: [ModelEntry]
}

private struct ModelEntry: Encodable {
  let id: String
  var object = "model"
  let created: Int
  var ownedBy = "switcher"
  let status: String
}

/// Whether the daemon wants more requests; it stops wanting them as soon as it is told to end.
final class Readiness: Sendable {
  private let ready = Atomic(true)

  var isReady: Bool { ready.load(ordering: .relaxed) }

  func end() { ready.store(false, ordering: .relaxed) }
}
