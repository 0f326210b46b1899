internal import Core
internal import HTTP

/// The routes by which an operator looks at the configuration in force and changes it.
struct ConfigurationRoutes: Sendable {
  let live: LiveConfiguration
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, "/control/policy") { exchange in
      try admission.admit(exchange)
      let policy = try await live.policy.effective()
      try await exchange.respond(status: 200, body: Array(policy.serialized().utf8))
    }
    router.add(.post, "/control/policy") { exchange in
      try admission.admit(exchange)
      try await exchange.readBody()
      let text = exchange.withBody { body in body.indices.map { body[$0] } }
      try await answer(exchange) {
        let warnings = try await live.replacePolicy(text)
        let name = await live.policy.name
        return PolicyAnswer(message: "the policy is \(name)", warnings: warnings.map(\.description))
      }
    }
    router.add(.post, "/control/reload") { exchange in
      try admission.admit(exchange)
      try await answer(exchange) { try await live.reload() }
    }
  }

  private func answer(_ exchange: Exchange, _ change: () async throws -> some Encodable) async throws {
    do {
      try await exchange.respondJSON(try await change())
    } catch let faults as ConfigurationFaults {
      exchange.remark = faults.description
      let refusal = Refusal(error: faults.description, faults: faults.faults.map(\.description))
      try await exchange.respondJSON(refusal, status: 400)
    }
  }
}

private struct PolicyAnswer: Encodable {
  let message: String
  let warnings: [String]
}

private struct Refusal: Encodable {
  let error: String
  let faults: [String]
}
