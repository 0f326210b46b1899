internal import HTTP
internal import Switcher

/// The routes by which an operator commands the switcher; each is a thin door onto one command of the machine.
struct CommandRoutes: Sendable {
  let desk: Operator
  let admission: AdminGuard

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
        try await desk.carryOut(.unpin)
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
        try await desk.carryOut(try body.command())
        return body.success
      }
    }
  }

  private func answer(_ exchange: Exchange, _ act: () async throws(AdminError) -> String) async throws {
    let message: String
    do throws(AdminError) {
      message = try await act()
    } catch {
      exchange.remark = error.message
      return try await exchange.respondJSON(["error": error.message], status: error.status)
    }
    try await exchange.respondJSON(["message": message])
  }
}
