import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// Models that were awake before anybody woke them from here.
  @Suite struct VacateTests {
    let site: Site

    init() throws { site = try Site() }

    /// One that some other client has loaded.
    private func hosted(_ host: FakeHost, _ backend: Backend, _ model: String) throws -> any ModelRuntime {
      try site.runtime(command: [], port: host.port, backend: backend, named: model) { $0.environment = [:] }
    }

    private func endpoint(_ fake: FakeHost) throws -> any ModelRuntime {
      var endpoint = InferenceEndpoint(name: "team/large", token: "hf_secret")
      endpoint.apiURL = fake.url + "/v2"
      return try site.runtime(command: [], port: 0, backend: .hfEndpoint) {
        ($0.environment, $0.endpoint) = ([:], endpoint)
      }
    }

    private func attached(_ server: FakeServer) throws -> any ModelRuntime {
      try site.runtime(command: [], port: server.port, backend: .attached) { $0.useSleepSteps() }
    }

    @Test(
      arguments: [
        (Backend.ollama, "qwen", #"POST /api/generate {"model":"qwen","keep_alive":0}"#),
        (.llamaCpp, "alpha", #"POST /models/unload {"model":"alpha"}"#),
      ])
    func `what somebody else has loaded is unloaded, once`(
      backend: Backend, model: String, order: String
    ) async throws {
      let host = try backend == .ollama ? FakeHost.ollama() : .router()
      try await site.withHost(host) {
        _ = try await hosted(host, backend, model).wake()
        let runtime = try hosted(host, backend, model)
        try await runtime.stop()
        try await runtime.vacate()
        try await runtime.vacate()
        try await runtime.stop()
        #expect(await holds { site.log.messages.filter { $0.hasPrefix("POST /") }.dropFirst() == [order] })
      }
    }

    @Test func `what was loaded or unloaded from here is let alone`() async throws {
      let host = try FakeHost.ollama()
      try await site.withHost(host) {
        let runtime = try hosted(host, .ollama, "qwen")
        try await runtime.vacate()
        _ = try await runtime.wake()
        try await runtime.vacate()
        await site.expectOrders([#"POST /api/generate {"model":"qwen","keep_alive":-1}"#])
      }
    }

    @Test func `a host that is not there yet is looked at again`() async throws {
      let host = try FakeHost.ollama()
      let runtime = try hosted(host, .ollama, "qwen")
      try await runtime.vacate()
      try await site.withHost(host) {
        _ = try await hosted(host, .ollama, "qwen").wake()
        try await runtime.vacate()
        await site.expectOrders([
          #"POST /api/generate {"model":"qwen","keep_alive":-1}"#,
          #"POST /api/generate {"model":"qwen","keep_alive":0}"#,
        ])
      }
    }

    @Test func `an endpoint that can't be paused keeps nobody from anything`() async throws {
      let fake = try FakeHost.endpoint(state: "running", obeys: false)
      try await site.withHost(fake) {
        try await endpoint(fake).vacate()
        #expect(site.log.messages.contains { $0.hasPrefix("the endpoint may go on running") })
      }
    }

    @Test(arguments: ["running", "paused"])
    func `an endpoint that runs is paused`(state: String) async throws {
      let fake = try FakeHost.endpoint(state: state)
      try await site.withHost(fake) {
        try await endpoint(fake).vacate()
        await site.expectOrders(state == "running" ? ["POST /v2/endpoint/team/large/pause"] : [])
      }
    }

    @Test func `a model behind hooks sleeps if its alive hook says that it serves`() async throws {
      let directory = try TemporaryDirectory()
      let sleep = #"rm "$D/up""#
      for (alive, isAsked) in [(#"test -e "$D/up""#, true), (nil, false)] {
        let mark = site.shell("touch '\(directory.path)/up'")
        _ = await mark.exit.value()
        let runtime = try site.runtime(command: [], port: 9, backend: .hooks) {
          $0.hooks = Hooks(wake: "true", sleep: sleep, alive: alive)
          $0.environment["D"] = directory.path
        }
        try await runtime.vacate()
        let look = site.shell("test -e '\(directory.path)/up'")
        #expect(await look.exit.value() == .exited(status: isAsked ? 1 : 0))
      }
    }

    /// The hook itself, or the command that it ends with.
    @Test(arguments: ["kill -9 $$", "sh -c 'kill -9 $$'"])
    func `an alive hook that was killed tells nothing, and looks again`(end: String) async throws {
      let directory = try TemporaryDirectory()
      let runtime = try site.runtime(command: [], port: 9, backend: .hooks) {
        $0.hooks = Hooks(
          wake: "true", sleep: #"touch "$D/asleep""#,
          alive: #"test -e "$D/looked" || { touch "$D/looked"; \#(end); }"#)
        $0.environment["D"] = directory.path
      }
      try await runtime.vacate()
      #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/asleep"))
      try await runtime.vacate()
      #expect(FileManager.default.fileExists(atPath: "\(directory.path)/asleep"))
    }

    @Test func `what does not give way is told, and told again`() async throws {
      let runtime = try site.runtime(command: [], port: 9, backend: .hooks, named: "m") {
        $0.hooks = Hooks(wake: "true", sleep: "exit 3", alive: "true")
      }
      for _ in 1...2 {
        let message = "m was awake already and could not be put to sleep: the sleep hook exited with status 3"
        await #expect(throws: RuntimeFailure(message)) { try await runtime.vacate() }
      }
    }

    @Test func `an attached server that is awake is put to sleep, once`() async throws {
      let server = try FakeServer()
      let runtime = try attached(server)
      try await runtime.vacate()
      try await site.withServer(server) { _ in
        try await runtime.vacate()
        try await runtime.vacate()
        await site.expectRequests(["GET /is_sleeping", "POST /sleep?level=1", "GET /is_sleeping"])
      }
    }

    @Test func `what was gone when it was stopped, and is brought back awake by its owner, gives way`() async throws {
      let server = try FakeServer()
      let attached = try attached(server)
      try await site.withServer(server) { _ in _ = try await attached.wake() }
      try await attached.stop()
      try await site.withServer(server) { _ in
        try await attached.vacate()
        #expect(await holds { site.requests.suffix(2) == ["POST /sleep?level=1", "GET /is_sleeping"] })
      }
      let host = try FakeHost.ollama()
      let hosted = try hosted(host, .ollama, "qwen")
      try await site.withHost(host) { _ = try await hosted.wake() }
      try await hosted.stop()
      try await site.withHost(host) {
        _ = try await self.hosted(host, .ollama, "qwen").wake()
        try await hosted.vacate()
        #expect(await holds { site.log.messages.last { $0.hasPrefix("POST /") }?.contains(#""keep_alive":0"#) == true })
      }
    }

    @Test func `an attached server that sleeps is let alone`() async throws {
      let server = try FakeServer()
      try await site.withServer(server) { control in
        _ = try await control.ask(.post, "/sleep", timeout: .seconds(600))
        try await attached(server).vacate()
        await site.expectRequests(["POST /sleep", "GET /is_sleeping"])
      }
    }

    @Test func `an attached server that is down behind its proxy is let be, and looked at again`() async throws {
      let server = try FakeServer(["/is_sleeping": .first(502, times: 1)])
      try await site.withServer(server) { _ in
        let runtime = try attached(server)
        try await runtime.vacate()
        await site.expectRequests(["GET /is_sleeping"])
        try await runtime.vacate()
        await site.expectRequests(["GET /is_sleeping", "POST /sleep?level=1", "GET /is_sleeping"])
      }
    }

    @Test func `an attached server that can't tell is put to sleep before anything else`() async throws {
      let server = try FakeServer(["/is_sleeping": .status(404, "")])
      try await site.withServer(server) { _ in
        let (first, second) = (try attached(server), try attached(server))
        try await first.vacate()
        _ = try await first.wake()
        _ = try await second.wake()
        #expect(await holds { site.requests.filter { $0 == "POST /wake_up" }.count == 2 })
        let steps = site.requests.filter { $0.hasPrefix("POST") }
        #expect(steps == ["POST /sleep?level=1", "POST /wake_up", "POST /sleep?level=1", "POST /wake_up"])
      }
    }

    @Test func `an attached server without steps is not asked`() async throws {
      let server = try FakeServer()
      try await site.withServer(server) { _ in
        try await site.runtime(command: [], port: server.port, backend: .attached).vacate()
        await site.expectRequests([])
      }
    }
  }
}
