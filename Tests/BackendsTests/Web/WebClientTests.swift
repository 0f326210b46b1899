import Core
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(10)))
struct WebClientTests {
  @Test func `a request that is not answered is over when its own time is`() async throws {
    let silent = try BoundSocket(listening: true)
    let clock = ContinuousClock()
    let began = clock.now
    let failure = await #expect(throws: RuntimeFailure.self) {
      try await WebClient().ask(.get, "http://127.0.0.1:\(silent.port)/", "", timeout: .milliseconds(200))
    }
    #expect(failure?.message == "GET http://127.0.0.1:\(silent.port)/: no whole answer came within 0.2 seconds")
    #expect(clock.now - began < .seconds(30))
  }

  @Test func `a request that fails while it is cancelled ends all the same`() async throws {
    let url = "http://127.0.0.1:\(try freePort())/"
    let web = WebClient()
    for round in 0..<400 {
      let request = Task { try await web.ask(.get, url, "", timeout: .seconds(600)) }
      for _ in 0..<round % 100 * 20 { await Task.yield() }
      request.cancel()
      await #expect(throws: RuntimeFailure.self) { try await request.value }
    }
  }
}
