import Core
import HTTP
import TestSupport
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct AttachedRuntimeTests {
    let site: Site

    init() throws { site = try Site() }

    /// The server nearby, and the same as a service on the web.
    @Test(arguments: [nil, WebAccess(scheme: .http)])
    func `an attached server is woken and put to sleep by its steps`(access: WebAccess?) async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) {
        $0.upstream = Upstream(origin: server.origin, web: access)
        $0.sleepSteps = [ControlStep("/sleep?level=1", body: #"{"tags":["kv"]}"#)]
        $0.wakeSteps = [ControlStep("/wake_up")]
      }
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        #expect(try await runtime.sleep(nil) == .asleep)
        await site.expectRequests([
          "GET /is_sleeping", "POST /wake_up", "GET /is_sleeping", #"POST /sleep?level=1 {"tags":["kv"]}"#,
          "GET /is_sleeping",
        ])
        let message = "the server at 127.0.0.1:\(server.port) is run by somebody else and can't be stopped"
        await #expect(throws: RuntimeFailure(message)) { try await runtime.sleep(.default) }
        #expect(await runtime.isAlive())
        #expect(await runtime.processState == .external)
      }
      #expect(await !runtime.isAlive())
    }

    @Test func `an attached server that is awake sleeps in the place of a stop, and no other is told to`() async throws
    {
      let server = try FakeServer()
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) { $0.useSleepSteps() }
      try await site.withServer(server) { _ in
        try await runtime.stop()
        _ = try await runtime.wake()
        try await runtime.stop()
        try await runtime.stop()
        await site.expectRequests([
          "GET /is_sleeping", "POST /wake_up", "GET /is_sleeping", "POST /sleep?level=1", "GET /is_sleeping",
        ])
      }
    }

    @Test func `a service on the web has its requests ended before it is told to sleep in the place of a stop`()
      async throws
    {
      let server = try FakeServer()
      let factory = site.factory
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached, from: factory) {
        $0.useSleepSteps()
        $0.upstream = Upstream(origin: server.origin, web: WebAccess(scheme: .http))
      }
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        let transfer = factory.forwarded.web.open(to: runtime.upstream) {}
        let neighbour = Upstream(origin: server.origin, basePath: "/other", web: WebAccess(scheme: .http))
        let other = factory.forwarded.web.open(to: neighbour) {}
        try await runtime.stop()
        #expect(transfer.hangUp == .stop)
        #expect(other.hangUp == nil)
      }
    }

    @Test func `a stop fails while an attached server does not do as it is told, and may be tried again`() async throws
    {
      let server = try FakeServer(["/sleep": .first(500, "busy", times: 1)])
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) { $0.useSleepSteps() }
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        let failure = RuntimeFailure("sleep step 1/1 failed: POST /sleep?level=1 returned 500: busy")
        await #expect(throws: failure) { try await runtime.stop() }
        try await runtime.stop()
      }
    }

    @Test func `an attached server that accepts and never answers can't be stopped`() async throws {
      let server = try FakeServer(["/sleep": .hangs])
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) {
        $0.useSleepSteps()
        $0.sleepTimeout = .milliseconds(100)
      }
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.stop() }
        #expect(failure?.cause == .timedOut)
      }
    }

    @Test func `an attached server that nobody listens for any more holds nothing`() async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) { $0.useSleepSteps() }
      try await site.withServer(server) { _ in _ = try await runtime.wake() }
      await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      try await runtime.stop()
    }

    @Test func `an attached server that is too busy to tell lives, one that says it is ill or has gone does not`()
      async throws
    {
      let server = try FakeServer(["/busy": .hangs, "/ill": .status(503, "")])
      var gone: ServerControl?
      try await site.withServer(server) { control in
        #expect(await control.mayLive(at: "/busy", within: .milliseconds(100)))
        #expect(await control.mayLive(at: "/health"))
        #expect(await !control.mayLive(at: "/ill"))
        gone = control
      }
      #expect(await gone?.mayLive(at: "/health") == false)
    }

    @Test(arguments: [nil, WebAccess(scheme: .https)])
    func `a server to which no connection can be made in time has died, but may hold the GPU`(
      access: WebAccess?
    ) async throws {
      let deaf = try DeafListener()
      let control = site.control(Upstream(origin: Origin(host: "127.0.0.1", port: deaf.port), web: access))
      #expect(await !control.mayLive(at: "/health", within: .seconds(1)))
      #expect(await control.isListening(at: "/health", within: .seconds(1)))
      let failure = await #expect(throws: RuntimeFailure.self) {
        try await control.order(.get, "/is_sleeping", timeout: .seconds(1))
      }
      #expect(failure?.cause == .unreachable)
    }

    @Test func `a service that takes the connection and does not go on with TLS is late, and lives`() async throws {
      let silent = try BoundSocket(listening: true)
      let origin = Origin(host: "127.0.0.1", port: silent.port)
      let control = site.control(Upstream(origin: origin, web: WebAccess(scheme: .https)))
      #expect(await control.mayLive(at: "/health", within: .seconds(1)))
    }

    @Test func `whoever listens and speaks no TLS listens`() async throws {
      let server = try FakeServer()
      try await site.withServer(server) { _ in
        let control = site.control(Upstream(origin: server.origin, web: WebAccess(scheme: .https)))
        #expect(await control.isListening(at: "/health", within: .seconds(60)))
      }
    }

    @Test func `a refusal that comes late, as where there is no route, tells that a server has ended`() async throws {
      let deaf = try DeafListener()
      let control = site.control(Upstream(origin: Origin(host: "127.0.0.1", port: deaf.port)))
      let end = Task {
        try await control.end { () async throws(RuntimeFailure) in throw RuntimeFailure("no answer") }
      }
      #expect(await holds { deaf.isKnockedAt })
      deaf.leave()
      #expect(try await !end.value)
    }

    @Test func `an attached server without steps is only looked at`() async throws {
      let server = try FakeServer(["/health": .first(503, times: 3)])
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached)
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        #expect(try await runtime.sleep(nil) == .asleep)
        _ = try await runtime.wake()
        try await runtime.stop()
        #expect(site.requests.isEmpty)
      }
    }

    @Test(arguments: [nil, WebAccess(scheme: .http), WebAccess(scheme: .https)])
    func `a wake of a server that is not there fails`(access: WebAccess?) async throws {
      let port = try freePort()
      let runtime = try site.runtime(command: [], port: port, backend: .attached) {
        $0.upstream = Upstream(origin: Origin(host: "127.0.0.1", port: port), web: access)
        $0.wakeTimeout = .milliseconds(100)
      }
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(failure?.message.hasPrefix("the server was not healthy within 0.1 seconds: GET ") == true)
    }

    @Test func `a step that a service on the web does not answer is over in time`() async throws {
      let server = try FakeServer(["/sleep": .hangs])
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) {
        $0.upstream = Upstream(origin: server.origin, web: WebAccess(scheme: .http))
        $0.useSleepSteps()
        $0.sleepTimeout = .milliseconds(300)
      }
      try await site.withServer(server) { _ in
        let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
        #expect(failure?.cause == .timedOut)
        #expect(failure?.message.hasPrefix("sleep step 1/1 failed: POST http://127.0.0.1:") == true)
      }
    }
  }
}
