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
        #expect(await holds { site.log.messages.filter { $0 == "GET /models" }.count >= 4 })
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
        (
          "bravo",
          #"POST /models/load returned 404: {"error": {"message": "File Not Found"}}; GET /models says nothing of it"#
        ),
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

    @Test func `a model may be named by an alias`() async throws {
      let host = try FakeHost.router()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "first")
        _ = try await runtime.wake()
        #expect(await runtime.isAlive())
        #expect(try await runtime.sleep(nil) == .asleep)
        #expect(await !runtime.isAlive())
      }
    }

    @Test func `what the router does not know it does not hold`() async throws {
      let host = try FakeHost.router()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "bravo")
        try await runtime.vacate()
        await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
        try await runtime.stop()
        #expect(await !runtime.isAlive())
      }
    }

    @Test func `a model is lost when its process ends or its router does`() async throws {
      let host = try FakeHost.router()
      let control = site.control(Upstream(origin: host.origin))
      let router = RouterHost(
        control: control, model: "alpha", sleepTimeout: .seconds(600), startupTimeout: .seconds(600))
      try await site.withHost(host) {
        _ = try await router.wake()
        #expect(await router.loss() == nil)
        _ = try await control.ask(.post, "/crash", body: #"{"model":"alpha"}"#, timeout: .seconds(600))
        #expect(await router.loss() == "is gone: GET /models says unloaded, failed, exit status 1")
        _ = try await router.wake()
        #expect(await router.loss() == nil)
      }
      let story = "is gone with its router: GET \(host.url)/models: "
      #expect(await router.loss()?.hasPrefix(story) == true)
    }

    @Test func `a router that listens and tells nothing has lost nothing, but is not well`() async throws {
      let server = try FakeServer(["/models": .status(503, "busy")])
      try await site.withServer(server) { control in
        let router = RouterHost(
          control: control, model: "alpha", sleepTimeout: .seconds(600), startupTimeout: .seconds(600))
        #expect(await router.isAlive())
        #expect(await !router.isWell())
      }
    }

    @Test func `a server that is no router is told so`() async throws {
      let server = try FakeServer(["/models": .status(200, #"{\"data\":[{\"id\":\"alpha\"}]}"#)])
      try await site.withServer(server) { _ in
        let runtime = try site.runtime(command: [], port: server.port, backend: .llamaCpp, named: "alpha") {
          $0.environment = [:]
        }
        let message = "GET /models tells no status of alpha, as a llama-server in router mode does"
        await #expect(throws: RuntimeFailure(message)) { try await runtime.wake() }
      }
    }
  }
}
