import Core
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
        try await control.carryOut(steps, of: .sleep, timeout: .seconds(10))
      }
      await site.expectRequests(["POST /base/one?level=1", #"PUT /base/two {"a":1}"#, "PATCH /base/three"])
      #expect(site.log.messages.filter { $0.hasPrefix("sleep step") } == (1...3).map { "sleep step \($0)/3 done" })
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
          try await control.carryOut(steps, of: .wake, timeout: .seconds(10))
        }
      }
      await site.expectRequests(["POST /one", "POST /two"])
    }

    @Test func `a body that contains what is expected will do`() async throws {
      try await site.withServer(FakeServer(["/one": .status(200, "all done")])) { control in
        try await control.carryOut([ControlStep("/one", expectedBody: "done")], of: .wake, timeout: .seconds(10))
      }
    }

    @Test(arguments: [(1, false), (2, true)])
    func `a step is tried again as often as it may be`(retries: Int, succeeds: Bool) async throws {
      try await site.withServer(FakeServer(["/one": .first(503, times: 2)])) { control in
        let step = ControlStep("/one", retries: retries)
        do {
          try await control.carryOut([step], of: .wake, timeout: .seconds(10))
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
        try await control.carryOut(steps, of: .wake, timeout: .seconds(10))
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
        #expect(site.timeline.now - start < .seconds(10))
        #expect(failure?.message.hasPrefix("sleep step 1/1 failed: POST ") == true)
        #expect(failure?.cause == .timedOut)
      }
    }
  }
}
