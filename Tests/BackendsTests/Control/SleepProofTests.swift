import Core
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct SleepProofTests {
    let site: Site

    init() throws { site = try Site() }

    private func mode(_ proof: SleepMode.Proof) -> SleepMode {
      SleepMode(
        sleepSteps: [ControlStep("/sleep", timeout: .seconds(600))],
        wakeSteps: [ControlStep("/wake_up", timeout: .seconds(600))], proof: proof, wakeKind: .wakeL1)
    }

    @Test func `checklist 44: an answer that comes before the sleep is waited out`() async throws {
      let server = try FakeServer(["/is_sleeping": .first(200, #"{\"is_sleeping\": false}"#, times: 3)])
      try await site.withServer(server) { control in try await control.sleep(mode(.required), timeout: .seconds(600)) }
      #expect(await holds { site.log.messages.filter { $0 == "GET /is_sleeping" }.count >= 4 })
    }

    @Test(arguments: [SleepMode.Proof.required, .ifOffered])
    func `a server that says it does not sleep has not slept`(proof: SleepMode.Proof) async throws {
      let server = try FakeServer(["/sleep": .status(200, "")])
      try await site.withServer(server) { control in
        let message =
          #"the server was not asleep within 0.3 seconds: GET /is_sleeping returned 200: {"is_sleeping": false}"#
        await #expect(throws: RuntimeFailure(message, .timedOut)) {
          try await control.sleep(mode(proof), timeout: .milliseconds(300))
        }
      }
    }

    @Test func `checklist 45: a server that says it still sleeps is not awake`() async throws {
      try await site.withServer(FakeServer(["/wake_up": .status(200, "")])) { control in
        try await control.sleep(mode(.required), timeout: .seconds(600))
        let message =
          #"the server was not awake within 0.3 seconds: GET /is_sleeping returned 200: {"is_sleeping": true}"#
        await #expect(throws: RuntimeFailure(message, .timedOut)) {
          try await control.wake(mode(.required), timeout: .milliseconds(300))
        }
      }
    }

    @Test func `a proxy's word that nobody is there is no report`() async throws {
      try await site.withServer(FakeServer(["/is_sleeping": .status(502, "")])) { control in
        await #expect(throws: RuntimeFailure("GET /is_sleeping returned 502")) { try await control.sleepReport() }
      }
    }

    @Test(arguments: [404, 503, 504])
    func `a server that can't answer may be awake`(status: Int) async throws {
      try await site.withServer(FakeServer(["/is_sleeping": .status(status, "")])) { control in
        let report = try await control.sleepReport()
        #expect(report == .unknown)
      }
    }

    @Test(arguments: [(200, true), (502, false), (503, true), (504, true)])
    func `nobody listens behind a proxy that gets no answer`(status: Int, isListening: Bool) async throws {
      try await site.withServer(FakeServer(["/look": .status(status, "")])) { control in
        #expect(await control.isListening(at: "/look", within: .seconds(60)) == isListening)
      }
    }

    @Test func `a question that is kept waiting does not cost the time that the sleep has`() async throws {
      // Of the first two that ask, neither is answered before the other.
      try await site.withServer(FakeServer(["/is_sleeping": .meets(2)])) { control in
        var control = control
        control.leastPatience = .zero
        try await control.sleep(mode(.required), timeout: .seconds(600))
      }
      #expect(await holds { site.log.messages.filter { $0 == "GET /is_sleeping" }.count >= 2 })
    }

    @Test(arguments: [FakeServer.Rule.status(404, "Not Found"), .status(200, "yes")])
    func `only a server that must know the question fails when it does not`(rule: FakeServer.Rule) async throws {
      try await site.withServer(FakeServer(["/is_sleeping": rule])) { control in
        try await control.sleep(mode(.ifOffered), timeout: .seconds(600))
        let failure = await #expect(throws: RuntimeFailure.self) {
          try await control.sleep(mode(.required), timeout: .seconds(600))
        }
        #expect(failure?.message.hasPrefix("GET /is_sleeping returned ") == true)
      }
    }
  }
}
