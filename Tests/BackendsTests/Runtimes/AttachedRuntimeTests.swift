import Core
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct AttachedRuntimeTests {
    let site: Site

    init() throws { site = try Site() }

    @Test func `an attached server is woken and put to sleep by its steps, and never stopped`() async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached) { $0.useSleepSteps() }
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        #expect(try await runtime.sleep(nil) == .asleep)
        await site.expectRequests([
          "GET /is_sleeping", "POST /wake_up", "GET /is_sleeping", "POST /sleep?level=1", "GET /is_sleeping",
        ])
        let message = "the server at 127.0.0.1:\(server.port) is run by somebody else and can't be stopped"
        await #expect(throws: RuntimeFailure(message)) { try await runtime.stop() }
        await #expect(throws: RuntimeFailure(message)) { try await runtime.sleep(.default) }
        #expect(await runtime.isAlive())
        #expect(await runtime.processState == .external)
      }
      #expect(await !runtime.isAlive())
    }

    @Test func `an attached server without steps is only looked at`() async throws {
      let server = try FakeServer(["/health": .first(503, times: 3)])
      let runtime = try site.runtime(command: [], port: server.port, backend: .attached)
      try await site.withServer(server) { _ in
        _ = try await runtime.wake()
        #expect(try await runtime.sleep(nil) == .asleep)
        #expect(site.requests.isEmpty)
      }
    }

    @Test func `a wake of a server that is not there fails`() async throws {
      let runtime = try site.runtime(command: [], port: freePort(), backend: .attached) {
        $0.wakeTimeout = .milliseconds(100)
      }
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(failure?.message.hasPrefix("the server was not healthy within 0.1 seconds: GET ") == true)
    }
  }
}
