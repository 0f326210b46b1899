internal import Backends
internal import Core
internal import HTTP
internal import Switcher

/// Where the models' servers are, and what this daemon is, as kvcached's router tells it.
struct ServerInfoRoutes: Sendable {
  let switcher: ModelSwitcher
  let live: LiveConfiguration
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, "/models") { exchange in
      try admission.admit(exchange)
      let models = await live.current.models.map { model in
        let origin = model.backend.upstream.origin
        let endpoint: JSONValue = ["host": .string(origin.host), "port": .number(Int(origin.port))]
        return JSONValue.Member(model.id.name, ["endpoint": endpoint])
      }
      try await exchange.respond(["models": .object(models)])
    }
    router.add(.get, "/get_server_info") { exchange in
      try admission.admit(exchange)
      let snapshot = await switcher.snapshot()
      try await exchange.respond([
        "status": "ok", "name": "switcher", "version": .string(Version.number), "policy": .string(snapshot.policy),
        "mode": snapshot.mode.isManual ? "manual" : "auto",
        "active_model": snapshot.active.map { .string($0.name) } ?? .null,
        "models": .array(snapshot.models.map { .string($0.id.name) }),
      ])
    }
  }
}
