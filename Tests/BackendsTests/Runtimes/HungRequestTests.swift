import Core
import HTTP
import TestSupport
import Testing

@testable import Backends

extension ProcessTests {
  /// Servers that are told to end while something hangs.
  @Suite struct HungRequestTests {
    let site: Site

    init() throws { site = try Site() }

    /// Ends by TERM as llama.cpp does: not before its last request's connection has.
    private func waitsForItsRequests(port: UInt16) -> [String] {
      let program = """
        import http.server, signal, sys, threading
        told, left = threading.Event(), threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: told.set())
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def do_POST(self):
                print("asked")
                self.connection.recv(1)
                left.set()
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.wait()
        left.wait()
        """
      return ["python3", "-u", "-c", program, "\(port)"]
    }

    @Test func `checklist 15: a server that waits for a hung request is stopped all the same`() async throws {
      let port = try freePort()
      let runtime = try site.runtime(command: waitsForItsRequests(port: port), port: port) {
        $0.stopGrace = .seconds(1000)
      }
      _ = try await runtime.wake()
      let proxy = HTTPServer(
        address: try SocketAddress("127.0.0.1:0"), limits: .patient, loops: site.loops, logger: .silent
      ) { exchange in
        do {
          try await exchange.forward(ForwardPlan(origin: Origin(host: "127.0.0.1", port: port)))
        } catch {
          try? await exchange.respond(status: 502)
        }
      }
      let address = try await proxy.start()
      let client = HTTPClient(loops: site.loops)
      let request = Task {
        try await client.send(
          ClientRequest(.post, "/completion"), to: Origin(host: address.host, port: address.port),
          timeout: .seconds(600))
      }
      #expect(await site.log.line { $0 == "asked" } == "asked")
      let start = ContinuousClock.now
      try await runtime.stop()
      #expect(ContinuousClock.now - start < .seconds(60))
      #expect(try await request.value.status == 502)
      await proxy.drain(until: .zero)
    }

    @Test func `checklist 16: a model that does not end holds up no other`() async throws {
      let factory = site.factory
      let stubborn = try site.runtime(
        command: ["sh", "-c", "trap '' TERM; echo up; while true; do sleep 1000; done"], port: freePort(),
        named: "stubborn", from: factory
      ) { $0.stopGrace = .seconds(1000) }
      let quick = try site.runtime(FakeServer(), named: "quick")
      let start = Task { try await stubborn.wake() }
      _ = try await quick.wake()
      _ = await site.log.line { $0 == "up" }
      let stop = Task { try await stubborn.stop() }
      #expect(await holds { await stubborn.processState == .stopping })
      try await quick.stop()
      #expect(await quick.processState == .stopped)
      #expect(await stubborn.processState == .stopping)
      await factory.killAll()
      try await stop.value
      _ = await start.result
    }
  }
}
