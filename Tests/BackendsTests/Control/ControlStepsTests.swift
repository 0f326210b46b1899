import Core
import TestSupport
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct ControlStepsTests {
    let site: Site

    init() throws { site = try Site() }

    @Test func `steps are carried out in order, with their query, method and body`() async throws {
      let steps = [
        ControlStep("/one?level=1"),
        ControlStep("/two", method: .put, body: #"{"a":1}"#),
        ControlStep("/three", method: .patch),
      ]
      try await site.withServer(FakeServer(), basePath: "/base") { control in
        try await control.carryOut(steps, of: .sleep, timeout: .seconds(600))
      }
      await site.expectRequests(["POST /base/one?level=1", #"PUT /base/two {"a":1}"#, "PATCH /base/three"])
      #expect(
        site.log.messages.filter { $0.hasPrefix("sleep step") } == [
          "sleep step 1/3: POST /one?level=1", "sleep step 2/3: PUT /two", "sleep step 3/3: PATCH /three",
        ])
    }

    @Test(arguments: [
      (FakeServer.Rule.status(500, "no luck"), "wake step 2/3 failed: POST /two returned 500: no luck"),
      (.status(404, ""), "wake step 2/3 failed: POST /two returned 404"),
      (.status(307, "elsewhere"), "wake step 2/3 failed: POST /two returned 307: elsewhere"),
      (
        .status(200, "nearly"),
        #"wake step 2/3 failed: POST /two returned 200: nearly: expected a body that contains "done""#
      ),
    ])
    func `a failing step names itself, and those after it are not carried out`(
      rule: FakeServer.Rule, message: String
    ) async throws {
      let steps = [ControlStep("/one"), ControlStep("/two", expectedBody: "done"), ControlStep("/three")]
      try await site.withServer(FakeServer(["/two": rule])) { control in
        await #expect(throws: RuntimeFailure(message)) {
          try await control.carryOut(steps, of: .wake, timeout: .seconds(600))
        }
      }
      await site.expectRequests(["POST /one", "POST /two"])
    }

    @Test func `a body that contains what is expected will do`() async throws {
      try await site.withServer(FakeServer(["/one": .status(200, "all done")])) { control in
        try await control.carryOut([ControlStep("/one", expectedBody: "done")], of: .wake, timeout: .seconds(600))
      }
    }

    @Test func `the pauses between the tries double, up to five seconds`() async throws {
      try await site.withServer(FakeServer(["/one": .first(503, times: 7)])) { control in
        let timeline = ManualTimeline()
        let patient = site.control(control.upstream, on: timeline)
        let steps = Task {
          try await patient.carryOut([ControlStep("/one", retries: 7)], of: .wake, timeout: .seconds(600))
        }
        var last = Instant.zero
        var pauses: [Duration] = []
        for pause in [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5] {
          await timeline.sleeper(until: last + .seconds(pause))
          timeline.advance(by: .seconds(pause))
          pauses.append(timeline.now - last)
          last = timeline.now
        }
        try await steps.value
        #expect(pauses.count == 7)
      }
      #expect(await holds { site.log.messages.filter { $0 == "POST /one" }.count == 8 })
    }

    @Test func `the requests of a group are under way at once, and the next step waits for all of them`() async throws {
      let steps = [
        ControlStep(parallel: [ControlRequest("/meet?1"), ControlRequest("/meet?2"), ControlRequest("/meet?3")]),
        ControlStep("/after"),
      ]
      // Nobody is answered before three have come.
      try await site.withServer(FakeServer(["/meet": .meets(3)])) { control in
        try await control.carryOut(steps, of: .wake, timeout: .seconds(600))
      }
      _ = await holds { site.requests.count == 4 }
      #expect(site.requests.last == "POST /after")
      #expect(Set(site.requests.dropLast()) == ["POST /meet?1", "POST /meet?2", "POST /meet?3"])
      #expect(site.log.messages.contains("wake step 1/2: POST /meet?1, POST /meet?2, POST /meet?3"))
    }

    @Test func `a group fails with the first of its requests that does, named, and ends the others`() async throws {
      let group = ControlStep(parallel: [ControlRequest("/hangs"), ControlRequest("/bad")])
      let rules = ["/hangs": FakeServer.Rule.hangs, "/bad": .status(500, "no luck")]
      try await site.withServer(FakeServer(rules)) { control in
        await #expect(throws: RuntimeFailure("sleep step 1/2 failed: POST /bad returned 500: no luck")) {
          try await control.carryOut([group, ControlStep("/after")], of: .sleep, timeout: .seconds(1000))
        }
      }
      #expect(!site.requests.contains("POST /after"))
    }

    @Test func `a step that awaits health holds up the next one until the server is well`() async throws {
      var step = ControlStep("/one")
      step.awaitsHealth = true
      // The first two looks are those of the server's start.
      try await site.withServer(FakeServer(["/health": .first(503, times: 3), "/ready": .first(503, times: 2)])) {
        control in
        var control = control
        control.healthPath = "/ready"
        try await control.carryOut([step, ControlStep("/two")], of: .wake, timeout: .seconds(600))
      }
      _ = await holds { site.log.messages.contains("POST /two") }
      let seen = site.log.messages.filter { $0.hasPrefix("POST") || $0 == "GET /ready" }
      #expect(seen == ["POST /one", "GET /ready", "GET /ready", "GET /ready", "POST /two"])
    }

    @Test func `a step after which the server does not become well names itself`() async throws {
      var step = ControlStep("/one", timeout: .seconds(600))
      step.awaitsHealth = true
      try await site.withServer(FakeServer(["/ready": .status(503, "loading")])) { control in
        var control = control
        control.healthPath = "/ready"
        let message =
          "wake step 1/1 failed: the server was not healthy within 0.3 seconds: GET /ready returned 503: loading"
        await #expect(throws: RuntimeFailure(message, .timedOut)) {
          try await control.carryOut([step], of: .wake, timeout: .milliseconds(300))
        }
      }
    }

    @Test func `a look that comes after the time is over still finds what has come about`() async throws {
      try await site.withServer(FakeServer(["/ready": .first(503, times: 1)])) { control in
        let timeline = ManualTimeline()
        let late = site.control(control.upstream, on: timeline)
        let health = Task { try await late.awaitHealth(at: "/ready", within: .seconds(10)) }
        await timeline.sleeper(until: .zero + .milliseconds(5))
        timeline.advance(by: .seconds(3600))
        try await health.value
      }
    }

    @Test(arguments: [(1, false), (2, true)])
    func `a step is tried again as often as it may be`(retries: Int, succeeds: Bool) async throws {
      try await site.withServer(FakeServer(["/one": .first(503, times: 2)])) { control in
        let step = ControlStep("/one", retries: retries)
        do {
          try await control.carryOut([step], of: .wake, timeout: .seconds(600))
          #expect(succeeds)
        } catch {
          #expect(!succeeds)
        }
      }
      #expect(await holds { site.log.messages.filter { $0 == "POST /one" }.count == retries + 1 })
    }

    @Test func `an optional step that fails is only warned of`() async throws {
      let steps = [ControlStep("/one", isOptional: true), ControlStep("/two")]
      try await site.withServer(FakeServer(["/one": .status(500, "")])) { control in
        try await control.carryOut(steps, of: .wake, timeout: .seconds(600))
      }
      await site.expectRequests(["POST /one", "POST /two"])
      #expect(site.log.messages.contains("wake step 1/2 failed: POST /one returned 500"))
    }

    @Test func `a step's own time-out goes before the model's`() async throws {
      try await site.withServer(FakeServer(["/one": .hangs])) { control in
        let step = ControlStep("/one", timeout: .milliseconds(100))
        let start = site.timeline.now
        let failure = await #expect(throws: RuntimeFailure.self) {
          try await control.carryOut([step], of: .sleep, timeout: .seconds(1000))
        }
        #expect(site.timeline.now - start < .seconds(60))
        #expect(failure?.message.hasPrefix("sleep step 1/1 failed: POST ") == true)
        #expect(failure?.cause == .timedOut)
      }
    }
  }
}
