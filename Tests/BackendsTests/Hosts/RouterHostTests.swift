import Core
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct RouterHostTests {
    let site: Site

    init() throws { site = try Site() }

    private func runtime(_ host: FakeHost, model: String) throws -> any ModelRuntime {
      try site.runtime(command: [], port: host.port, backend: .llamaCpp, named: model) { $0.environment = [:] }
    }

    @Test func `a model counts as loaded and as unloaded when the list says so`() async throws {
      let host = try FakeHost.router()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "alpha")
        _ = try await runtime.wake()
        #expect(try await runtime.sleep(nil) == .asleep)
        await site.expectOrders([#"POST /models/load {"model":"alpha"}"#, #"POST /models/unload {"model":"alpha"}"#])
        #expect(await holds { site.log.messages.filter { $0 == "GET /models" }.count == 4 })
      }
    }

    @Test func `an order that there is nothing to do for is as good as carried out`() async throws {
      let host = try FakeHost.router()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "alpha")
        #expect(try await runtime.sleep(nil) == .asleep)
        _ = try await runtime.wake()
        _ = try await runtime.wake()
      }
    }

    @Test(
      arguments: [
        ("broken", "the model could not be loaded: unloaded, failed, exit status 1"),
        ("bravo", #"POST /models/load returned 400: {"error": {"message": "model not found"}}"#),
      ])
    func `a model that can't be loaded is told at once, and holds nothing`(model: String, message: String) async throws
    {
      let host = try FakeHost.router()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: model)
        await #expect(throws: RuntimeFailure(message)) { try await runtime.wake() }
        try await runtime.stop()
      }
    }
  }
}
