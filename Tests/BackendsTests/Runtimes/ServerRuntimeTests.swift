import Core
import Foundation
import HTTP
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct ServerRuntimeTests {
    let site: Site

    init() throws { site = try Site() }

    // MARK: Cold start

    @Test func `a start ends when the server is healthy, and a stop when nothing is left of it`() async throws {
      let server = try FakeServer(["/health": .first(503, times: 3)])
      let runtime = try site.runtime(server)
      #expect(await runtime.processState == .stopped)
      #expect(await !runtime.isAlive())

      #expect(try await runtime.wake() == Instance(1))
      #expect(await holds { site.log.messages.filter { $0 == "GET /health" }.count >= 4 })
      #expect(await runtime.processState == .running)
      #expect(await runtime.isAlive())
      #expect(await runtime.isWell())
      #expect(try await runtime.wake() == Instance(1))

      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
      #expect(await runtime.processState == .stopped)
      #expect(await !runtime.isAlive())
      #expect(await !runtime.isWell())
      try await runtime.stop()

      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test(arguments: [
      (
        ["sh", "-c", "echo loading >&2; echo CUDA out of memory >&2; exit 1"],
        "the server exited with status 1 before it was healthy; its last lines: loading | CUDA out of memory"
      ),
      (["sh", "-c", "kill -9 $$"], "the server was killed by signal 9 before it was healthy"),
      (["/no/such/program"], "/no/such/program could not be executed: No such file or directory"),
    ])
    func `checklist 2: a server that ends while it starts fails the start at once`(command: [String], message: String)
      async throws
    {
      let runtime = try site.runtime(command: command, port: freePort())
      await #expect(throws: RuntimeFailure(message, .serverEnded)) { try await runtime.wake() }
      #expect(await runtime.processState == .stopped)
    }

    @Test func `checklist 13: a stranger on the port is never taken for the server`() async throws {
      let stranger = try BoundSocket(listening: true)
      let runtime = try site.runtime(command: ["sh", "-c", "sleep 1000"], port: stranger.port)
      #expect(await !runtime.isWell())
      await #expect(throws: RuntimeFailure("port \(stranger.port) is held by another process")) {
        try await runtime.wake()
      }
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a port that is about to be free is waited for`() async throws {
      let server = try FakeServer()
      let predecessor = site.start(server.command)
      try await site.control(Upstream(origin: server.origin)).awaitHealth(at: "/health", within: .seconds(600))
      let runtime = try site.runtime(server)
      async let instance = runtime.wake()
      try await predecessor.stop(grace: .zero)
      #expect(try await instance == Instance(1))
      try await runtime.stop()
    }

    @Test func `a port is waited for as long as the server of ours that held it may take to end`() async throws {
      let factory = site.factory
      let server = try FakeServer()
      let stubborn = ["sh", "-c", #"trap '' TERM; exec "$@""#, "sh"] + server.command
      let predecessor = try site.runtime(command: stubborn, port: server.port, named: "old", from: factory) {
        $0.stopGrace = .seconds(4)
      }
      _ = try await predecessor.wake()
      async let end: Void = predecessor.stop()
      #expect(await holds { await predecessor.processState == .stopping })
      let heir = try site.runtime(command: server.command, port: server.port, named: "new", from: factory)
      #expect(try await heir.wake() == Instance(1))
      try await end
      try await heir.stop()
    }

    @Test func `checklist 4: a server that never answers fails at the time-out and holds up no other`()
      async throws
    {
      let server = try FakeServer(["/health": .hangs])
      let runtime = try site.runtime(server) { $0.startupTimeout = .seconds(1) }
      let other = try site.runtime(FakeServer(), named: "other")
      async let otherInstance = other.wake()
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(failure?.message.hasPrefix("the server was not healthy within 1.0 seconds: GET ") == true)
      #expect(failure?.cause == .timedOut)
      #expect(try await otherInstance == Instance(1))
      try await other.stop()
      #expect(site.tree.living.isEmpty)
    }

    @Test func `checklist 3: a start that outlasts its time-out leaves the model to be tried again`() async throws {
      let server = try FakeServer()
      let flag = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      defer { try? FileManager.default.removeItem(at: flag) }
      let slowAtFirst = #"[ -e "$0" ] && exec "$@"; : > "$0"; exec sleep 1000"#
      let runtime = try site.runtime(
        command: ["sh", "-c", slowAtFirst, flag.path] + server.command, port: server.port
      ) { $0.startupTimeout = .seconds(10) }
      _ = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(site.tree.living.isEmpty)
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `a cancelled start ends its process, and the next one works`() async throws {
      let server = try FakeServer(["/health": .first(503, times: 3)])
      let runtime = try site.runtime(server)
      let start = Task { try await runtime.wake() }
      _ = await site.log.line { $0 == "GET /health" }
      #expect(await runtime.processState == .starting)
      start.cancel()
      await #expect(throws: RuntimeFailure.self) { try await start.value }
      #expect(site.tree.living.isEmpty)
      #expect(await runtime.processState == .stopped)
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `checklist 8: a stop during a start fails the start`() async throws {
      let server = try FakeServer(["/health": .status(503, "loading")])
      let runtime = try site.runtime(server)
      let start = Task { try await runtime.wake() }
      _ = await site.log.line { $0 == "GET /health" }
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
      await #expect(throws: RuntimeFailure.self) { try await start.value }
      #expect(await runtime.processState == .stopped)
    }

    @Test func `a late look at the server before leaves a start alone`() async throws {
      let runtime = try site.runtime(command: ["sh", "-c", "echo loading; sleep 1000"], port: freePort(), named: "m")
      let start = Task { try await runtime.wake() }
      _ = await site.log.line { $0 == "loading" }
      #expect(await runtime.isAlive())
      #expect(await runtime.processState == .starting)
      try await runtime.stop()
      await #expect(throws: RuntimeFailure.self) { try await start.value }
    }

    @Test func `a warm start asks for one token`() async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(server, named: #"a "quoted" model"#) { $0.warmsUp = true }
      _ = try await runtime.wake()
      let warmUp = #"POST /v1/completions {"model":"a \"quoted\" model","prompt":"Hello","max_tokens":1}"#
      #expect(await site.log.line { $0.hasPrefix("POST /v1/completions") } == warmUp)
      try await runtime.stop()
    }

    @Test func `the server's environment bears the model's name`() async throws {
      let runtime = try site.runtime(
        command: ["sh", "-c", "echo model $SWITCHER_MODEL; exit 1"], port: freePort(), named: "qwen")
      await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(await site.log.line { $0.hasPrefix("model") } == "model qwen")
    }

    @Test func `all processes of all runtimes can be killed at once`() async throws {
      let factory = site.factory
      let stubborn = ["sh", "-c", "trap '' TERM; echo up; while true; do sleep 1000; done"]
      let starts = try (1...3).map { number in
        let runtime = try site.runtime(command: stubborn, port: freePort(), from: factory)
        return Task { try await runtime.wake() }
      }
      #expect(await holds { site.log.messages.filter { $0 == "up" }.count == 3 })
      await factory.killAll()
      #expect(site.tree.living.isEmpty)
      for start in starts { await #expect(throws: RuntimeFailure.self) { try await start.value } }
    }

    // MARK: Deaths

    @Test(arguments: [false, true])
    func `checklist 11: a server that dies is noticed and started afresh`(asleep: Bool) async throws {
      let runtime = try site.runtime(FakeServer()) { $0.useSleepSteps() }
      _ = try await runtime.wake()
      if asleep { #expect(try await runtime.sleep(nil) == .asleep) }
      for pid in site.tree.living { kill(pid, SIGKILL) }
      var deaths = runtime.deaths.makeAsyncIterator()
      #expect(await deaths.next() == Death(instance: Instance(1), reason: "killed by signal 9"))
      #expect(await !runtime.isAlive())
      #expect(await holds { await runtime.processState == .stopped })
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `a death is told when nothing is left that could hold the GPU`() async throws {
      let server = try FakeServer()
      let script = #"echo leader $$; for i in $(seq 50); do sleep 1000 & done; exec "$@""#
      let runtime = try site.runtime(command: ["sh", "-c", script, "sh"] + server.command, port: server.port)
      _ = try await runtime.wake()
      let line = await site.log.line { $0.hasPrefix("leader ") }
      kill(try #require(line?.split(separator: " ").last.flatMap { Int32($0) }), SIGKILL)
      var deaths = runtime.deaths.makeAsyncIterator()
      #expect(await deaths.next()?.instance == Instance(1))
      #expect(site.tree.living.isEmpty)
    }

    @Test func `an ordered stop is no death`() async throws {
      let runtime = try site.runtime(FakeServer())
      _ = try await runtime.wake()
      try await runtime.stop()
      _ = try await runtime.wake()
      for pid in site.tree.living { kill(pid, SIGKILL) }
      var deaths = runtime.deaths.makeAsyncIterator()
      #expect(await deaths.next()?.instance == Instance(2))
      try await runtime.stop()
    }

    @Test func `a death ends a hanging wake step at once`() async throws {
      let runtime = try site.runtime(FakeServer(["/wake_up": .hangs])) { $0.useSleepSteps() }
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      let wake = Task { try await runtime.wake() }
      _ = await site.log.line { $0 == "POST /wake_up" }
      for pid in site.tree.living { kill(pid, SIGKILL) }
      await #expect(throws: RuntimeFailure.self) { try await wake.value }
      try await runtime.stop()
    }

    // MARK: Evictions

    @Test func `the eviction asked for goes before the configured one`() async throws {
      let runtime = try site.runtime(FakeServer()) { $0.useSleepSteps() }
      _ = try await runtime.wake()
      #expect(try await runtime.sleep(Eviction(weights: .discard, process: .stop)) == .stopped)
      #expect(site.tree.living.isEmpty)
      #expect(try await runtime.sleep(nil) == .stopped)
    }

    @Test func `a kept process with kept weights is told nothing`() async throws {
      let keep = Eviction(weights: .retain, process: .keepRunning)
      let runtime = try site.runtime(FakeServer()) { $0.eviction = keep }
      _ = try await runtime.wake()
      #expect(try await runtime.sleep(nil) == .asleep)
      #expect(try await runtime.wake() == Instance(1))
      #expect(!site.log.messages.contains { $0.hasPrefix("POST") })
      try await runtime.stop()
    }

    @Test(arguments: [
      (
        Eviction(weights: .discard, process: .cudaSuspend),
        "the server can't sleep as discard+cuda_suspend: it has no sleep steps for that"
      ),
      (
        Eviction(weights: .offload, process: .keepRunning),
        "the server can't sleep as offload+keep_running: it has no sleep steps for that"
      ),
    ])
    func `an eviction that the server does not know is refused`(eviction: Eviction, message: String) async throws {
      let runtime = try site.runtime(FakeServer())
      _ = try await runtime.wake()
      await #expect(throws: RuntimeFailure(message)) { try await runtime.sleep(eviction) }
      #expect(await runtime.processState == .running)
      try await runtime.stop()
    }
  }
}
