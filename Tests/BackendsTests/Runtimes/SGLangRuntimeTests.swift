import Core
import Testing

@testable import Backends

extension ProcessTests {
  /// SGLang as it is: whoever tells it twice, or asks its health while it sleeps, has ended it.
  @Suite struct SGLangRuntimeTests {
    let site: Site

    init() throws { site = try Site() }

    private static let program = """
      import http.server, json, os, sys
      arguments = sys.argv[1:]
      print(" ".join(arguments))
      asleep = False
      failing = os.environ.get("FAILING")
      class Handler(http.server.BaseHTTPRequestHandler):
          def answer(self):
              global asleep
              body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
              print(self.command + " " + self.path + (" " + body if body else ""))
              status = 200
              if self.command == "POST" and not body: status = 400
              elif self.path == failing: status = 500
              elif self.path == "/health" and asleep: os._exit(1)
              elif self.path == "/release_memory_occupation":
                  if asleep: os._exit(1)
                  asleep = True
              elif self.path == "/resume_memory_occupation":
                  if not asleep: os._exit(1)
                  asleep = False
              self.send_response(status)
              self.send_header("Content-Length", "4")
              self.end_headers()
              self.wfile.write(b"null")
          do_GET = do_POST = answer
          def log_message(self, *_): pass
      port = int(arguments[arguments.index("--port") + 1])
      http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
      """

    private func runtime(
      _ weights: Eviction.Weights, failing: String? = nil
    ) throws -> any ModelRuntime {
      try site.runtime(command: ["python3", "-u", "-c", Self.program], port: freePort(), backend: .sglang) {
        $0.modelPath = "org/model"
        $0.eviction = Eviction(weights: weights, process: .keepRunning)
        $0.environment["FAILING"] = failing
      }
    }

    private var orders: [String] { site.log.messages.filter { $0.hasPrefix("POST /") } }

    @Test(
      arguments: [
        (Eviction.Weights.offload, ["POST /resume_memory_occupation {}", "POST /continue_generation {}"]),
        (
          .discard,
          [
            "POST /resume_memory_occupation {}",
            #"POST /update_weights_from_disk {"model_path":"org/model","flush_cache":true}"#,
            "POST /continue_generation {}",
          ]
        ),
      ])
    func `each order is given once, however often it is asked for`(
      weights: Eviction.Weights, wakeOrders: [String]
    ) async throws {
      let runtime = try runtime(weights)
      let first = try await runtime.wake()
      for _ in 0..<2 { #expect(try await runtime.sleep(nil) == .asleep) }
      #expect(await runtime.isAlive())
      for _ in 0..<2 { #expect(try await runtime.wake() == first) }
      let expected =
        [#"POST /pause_generation {"mode":"abort"}"#, "POST /release_memory_occupation {}"] + wakeOrders
      #expect(await holds { orders == expected })
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
    }

    @Test func `an order that failed is not given again: the server is stopped, and the next one starts cold`()
      async throws
    {
      let runtime = try runtime(.offload, failing: "/resume_memory_occupation")
      let first = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      await #expect(
        throws: RuntimeFailure("wake step 1/2 failed: POST /resume_memory_occupation returned 500: null")
      ) { try await runtime.wake() }
      try await runtime.stop()
      #expect(try await runtime.wake() > first)
      #expect(await holds { orders.filter { $0.hasPrefix("POST /resume") }.count == 1 })
      try await runtime.stop()
    }
  }
}
