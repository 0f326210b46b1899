import Core
import HTTP
import TestSupport
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(10)))
struct WebClientTests {
  @Test func `a request that is not answered is over when its own time is`() async throws {
    let silent = try BoundSocket(listening: true)
    let failure = await #expect(throws: RuntimeFailure.self) {
      try await WebClient().ask(.get, "http://127.0.0.1:\(silent.port)/", "", timeout: .milliseconds(200))
    }
    #expect(failure?.message == "GET http://127.0.0.1:\(silent.port)/: no whole answer came within 0.2 seconds")
  }

  @Test func `an answer without an end is not waited for`() async throws {
    let loops = try EventLoopGroup(count: 1)
    let server = HTTPServer(
      address: try SocketAddress("127.0.0.1:0"), limits: .patient, loops: loops, logger: .silent
    ) { exchange in
      do throws(ExchangeFailure) {
        try await exchange.begin(status: 200, contentType: "text/plain")
        while true {
          try await exchange.send([UInt8](repeating: 0x61, count: 65_536))
          // URLSession reads on as long as there is more, whoever wants it to stop.
          try? await Task.sleep(for: .milliseconds(1))
        }
      } catch {
        // The client has had enough.
      }
    }
    let url = "http://127.0.0.1:\(try await server.start().port)/"
    let failure = await #expect(throws: RuntimeFailure.self) {
      try await WebClient().ask(.get, url, "", timeout: .seconds(500))
    }
    #expect(failure?.message == "GET \(url): the answer exceeds 1048576 bytes")
    await server.drain(until: .zero)
    await loops.shutdown()
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
