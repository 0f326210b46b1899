import Core
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct OllamaHostTests {
    let site: Site

    init() throws { site = try Site() }

    private func runtime(_ host: FakeHost, model: String) throws -> any ModelRuntime {
      try site.runtime(command: [], port: host.port, backend: .ollama, named: model) { $0.environment = [:] }
    }

    @Test(arguments: ["qwen", "org/phi:4b"])
    func `a model is loaded until further notice, and unloaded when it sleeps`(model: String) async throws {
      let host = try FakeHost.ollama()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: model)
        let first = try await runtime.wake()
        #expect(await runtime.isAlive())
        #expect(try await runtime.sleep(nil) == .asleep)
        #expect(try await runtime.wake() > first)
        await site.expectOrders([
          #"POST /api/generate {"model":"\#(model)","keep_alive":-1}"#,
          #"POST /api/generate {"model":"\#(model)","keep_alive":0}"#,
          #"POST /api/generate {"model":"\#(model)","keep_alive":-1}"#,
        ])
        // What is unloaded is looked at until it is gone.
        #expect(await holds { site.log.messages.filter { $0 == "GET /api/ps" }.count >= 4 })
      }
    }

    @Test func `a model for embeddings is loaded by an embedding of nothing`() async throws {
      let host = try FakeHost.ollama()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "bge")
        _ = try await runtime.wake()
        _ = try await runtime.sleep(nil)
        await site.expectOrders([
          #"POST /api/generate {"model":"bge","keep_alive":-1}"#, #"POST /api/embed {"model":"bge","keep_alive":-1}"#,
          #"POST /api/generate {"model":"bge","keep_alive":0}"#,
        ])
      }
    }

    @Test func `what was woken from here is unloaded when it is stopped, and nothing else is`() async throws {
      let host = try FakeHost.ollama()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "qwen")
        try await runtime.stop()
        _ = try await runtime.wake()
        try await runtime.stop()
        try await runtime.stop()
        await site.expectOrders([
          #"POST /api/generate {"model":"qwen","keep_alive":-1}"#,
          #"POST /api/generate {"model":"qwen","keep_alive":0}"#,
        ])
        #expect(await runtime.processState == .external)
      }
    }

    @Test func `what a server had loaded is gone with the server`() async throws {
      let host = try FakeHost.ollama()
      let runtime = try runtime(host, model: "qwen")
      try await site.withHost(host) { _ = try await runtime.wake() }
      await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      try await runtime.stop()
    }

    @Test func `a model that is not there is told in Ollama's words, and holds nothing`() async throws {
      let host = try FakeHost.ollama()
      try await site.withHost(host) {
        let runtime = try runtime(host, model: "llama")
        await #expect(
          throws: RuntimeFailure(#"POST /api/generate returned 404: {"error": "model 'llama' not found"}"#)
        ) { try await runtime.wake() }
        try await runtime.stop()
      }
    }

    @Test func `a server that is not there is told by its address`() async throws {
      let port = try freePort()
      let runtime = try site.runtime(command: [], port: port, backend: .ollama) { $0.environment = [:] }
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(failure?.message.hasPrefix("POST http://127.0.0.1:\(port)/api/generate: ") == true)
      #expect(await !runtime.isAlive())
    }
  }
}
