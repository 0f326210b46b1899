internal import Core
internal import HTTP
internal import Switcher

/// Whether the models' own servers are well. Nobody is woken for it, and no model counts as used.
struct HealthRoutes: Sendable {
  let switcher: ModelSwitcher
  let directory: LiveDirectory

  func add(to router: inout Router) {
    let prefix = "/health/"
    router.add(.get, "\(prefix)all") { exchange in
      let health = await switcher.health(of: directory.current.models)
      try await exchange.respond([
        "model": "all",
        "health": .object(health.map { .init($0.upstream.url, .bool($0.isWell)) }),
        "models": .object(health.map { .init($0.model.name, .bool($0.isWell)) }),
      ])
    }
    router.add(.get, under: prefix) { exchange in
      let name = percentDecoded(exchange.path.dropFirst(prefix.count))
      let model = try directory.current.entry(named: name).model
      let health = await switcher.health(of: [model])
      try await exchange.respond([
        "model": .string(name), "health": .object(health.map { .init($0.upstream.url, .bool($0.isWell)) }),
      ])
    }
  }
}
