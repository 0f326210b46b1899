internal import HTTP
internal import Switcher

/// `GET /control/status`: who is active, who waits, what is under way. The shape is llmux's, with more in it.
struct StatusRoute: Sendable {
  let switcher: ModelSwitcher
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, "/control/status") { exchange in
      try admission.admit(exchange)
      let status = Status(await switcher.snapshot(), processes: await switcher.processStates())
      try await exchange.respondJSON(status)
    }
  }
}
