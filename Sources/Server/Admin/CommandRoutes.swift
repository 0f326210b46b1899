internal import Core
internal import HTTP
internal import Switcher

/// The routes by which an operator commands the switcher; each is a thin door onto one command of the machine.
struct CommandRoutes: Sendable {
  let switcher: ModelSwitcher
  let live: LiveConfiguration
  let admission: AdminGuard
  let logger: Logger

  func add(to router: inout Router) {
    add("/control/mode", ModeBody.self, to: &router)
    add("/control/pin", PinBody.self, to: &router)
    add("/control/switch", SwitchBody.self, to: &router)
    add("/control/sleep", SleepBody.self, to: &router)
    add("/control/wake", WakeBody.self, to: &router)
    add("/control/eviction", EvictionOrderBody.self, to: &router)
    router.add(.post, "/control/unpin") { exchange in
      try admission.admit(exchange)
      try await answer(exchange) { () async throws(AdminError) in
        try await carryOut(.unpin, exchange)
        return "the mode is auto"
      }
    }
  }

  private func add<Body: AdminBody>(_ path: String, _ type: Body.Type, to router: inout Router) {
    router.add(.post, path) { exchange in
      try admission.admit(exchange)
      try await exchange.readBody()
      let text = exchange.withBody { body in body.indices.map { body[$0] } }
      try await answer(exchange) { () async throws(AdminError) in
        let body = try Body(json: text)
        try await carryOut(try body.command(), exchange)
        return body.success
      }
    }
  }

  private func answer(_ exchange: Exchange, _ act: () async throws(AdminError) -> String) async throws {
    let message: String
    do throws(AdminError) {
      message = try await act()
    } catch {
      return try await exchange.respondJSON(["error": error.message], status: error.status)
    }
    try await exchange.respondJSON(["message": message])
  }

  /// Waits until the command is done or has failed, and leaves a trace of who asked for what, and how it ended.
  private func carryOut(_ command: Switcher.Command, _ exchange: Exchange) async throws(AdminError) {
    do throws(AdminError) {
      try await requirePossible(command)
      do throws(SwitchError) { try await switcher.perform(command) } catch { throw AdminError(error) }
      logger.info("operator", ["command": "\(command)", "peer": exchange.peer, "result": "done"])
    } catch {
      logger.warning("operator", ["command": "\(command)", "peer": exchange.peer, "result": error.message])
      throw error
    }
  }

  /// - Throws: 409 when the model can't give the GPU up like that; of a model that is not there, nothing is said.
  private func requirePossible(_ command: Switcher.Command) async throws(AdminError) {
    let order: (model: ModelID, eviction: Eviction)
    switch command {
    case .sleep(let model, let eviction?), .setEviction(let model, let eviction): order = (model, eviction)
    default: return
    }
    let models = await live.current.models
    if let refusal = models.refusal(of: order.eviction, for: order.model) { throw AdminError(409, refusal) }
  }
}
