internal import Core
internal import HTTP
internal import Switcher

/// The states of all models, and orders to one or all of them: `/api/endpoints/status`, `/wake` and `/sleep`, each of
/// which a model's name may follow.
struct EndpointRoutes: Sendable {
  let desk: Operator
  let admission: AdminGuard

  func add(to router: inout Router) {
    let status = "/api/endpoints/status"
    router.add(.get, status) { exchange in
      try admission.admit(exchange)
      let models = await desk.switcher.snapshot().models
      try await exchange.respond(["endpoints": .object(models.map { .init($0.id.name, Self.state(of: $0)) })])
    }
    router.add(.get, under: "\(status)/") { exchange in
      try admission.admit(exchange)
      let model = ModelID(percentDecoded(exchange.path.dropFirst(status.count + 1)))
      let view = await desk.switcher.snapshot().models.first { $0.id == model }
      try await exchange.respondAdmin { () throws(AdminError) in
        guard let view else { throw AdminError(.unknownModel(model)) }
        return Self.state(of: view)
      }
    }
    addOrder("/api/endpoints/wake", to: &router, "is awake") { .wake($0) }
    addOrder("/api/endpoints/sleep", to: &router, "is asleep") { .sleep($0, nil) }
  }

  private static func state(of model: Snapshot.ModelView) -> JSONValue {
    [
      "model": .name(model.id),
      "status": .string(model.state.rawValue),
      "in_flight": .number(model.inFlight),
      "queue_depth": .number(model.queueDepth),
      "failure": model.failure.map { .string($0.message) } ?? .null,
    ]
  }

  private typealias Order = @Sendable (ModelID) -> Switcher.Command

  private func addOrder(_ path: String, to router: inout Router, _ success: String, _ command: @escaping Order) {
    router.add(.post, under: "\(path)/") { exchange in
      try admission.admit(exchange)
      let model = ModelID(percentDecoded(exchange.path.dropFirst(path.count + 1)))
      try await exchange.respondAdmin { () async throws(AdminError) in
        try await desk.carryOut(command(model))
        return ["message": .string("\(model) \(success)")]
      }
    }
    router.add(.post, path) { exchange in
      try admission.admit(exchange)
      try await orderAll(exchange, success, command)
    }
  }

  /// Orders one model after the other, in the order of the configuration, until all have obeyed or the client leaves.
  private func orderAll(_ exchange: Exchange, _ success: String, _ command: Order) async throws {
    var results: [JSONValue.Member] = []
    var failures = 0
    for model in await desk.switcher.snapshot().models.map(\.id) where !Task.isCancelled {
      do throws(AdminError) {
        try await desk.carryOut(command(model))
        results.append(.init(model.name, ["success": true, "message": .string("\(model) \(success)")]))
      } catch {
        failures += 1
        results.append(.init(model.name, ["success": false, "message": .string(error.message)]))
      }
    }
    let verdict: JSONValue.Member =
      failures == 0
      ? .init("message", .string("every model \(success), in its turn"))
      : .init("error", .string("\(failures) of \(results.count) models failed"))
    try await exchange.respond(
      .object([verdict, .init("results", .object(results))]), status: failures == 0 ? 200 : 500)
  }
}
