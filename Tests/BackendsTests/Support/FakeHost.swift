import Core
import HTTP
import Testing

@testable import Backends

/// A server that loads and unloads models at an order, in a few lines of Python; it prints each request that it gets:
/// "POST /models/load" and the body.
struct FakeHost {
  let port: UInt16
  private let behaviour: String

  var origin: Origin { Origin(host: "127.0.0.1", port: port) }
  var url: String { "http://\(origin)" }
  var command: [String] { ["python3", "-u", "-c", Self.preamble + behaviour + Self.serve, "\(port)"] }

  private init(_ behaviour: String) throws {
    port = try freePort()
    self.behaviour = behaviour
  }

  /// Knows the models "qwen" and "org/phi:4b", and "bge", which is for embeddings. What is unloaded stays in the list for one look more.
  static func ollama() throws -> FakeHost {
    try FakeHost(
      """
      loaded, leaving = [], []
      def answer(method, path, body, headers):
          if path == "/api/version": return 200, {"version": "0.12.0"}
          if path == "/api/ps":
              names = loaded + leaving
              leaving.clear()
              return 200, {"models": [{"name": name, "size_vram": 1} for name in names]}
          name = body["model"] if ":" in body["model"] else body["model"] + ":latest"
          if name not in ["qwen:latest", "org/phi:4b", "bge:latest"]: return 404, {"error": f"model '{body['model']}' not found"}
          if body["keep_alive"] == 0:
              if name in loaded: leaving.append(name)
              loaded[:] = [other for other in loaded if other != name]
              return 200, {"done": True, "done_reason": "unload"}
          if name == "bge:latest" and path == "/api/generate":
              return 400, {"error": '"bge" does not support generate'}
          loaded.append(name)
          return 200, {"done": True, "done_reason": "load"}
      """)
  }

  /// As llama-server's router mode: orders are carried out after the answer, and refused where there is nothing to do.
  /// "broken" ends while it is loaded, others at `POST /crash`; "alpha" is also called "first".
  static func router() throws -> FakeHost {
    try FakeHost(
      """
      status = {"alpha": {"value": "unloaded"}, "broken": {"value": "unloaded"}}
      pending = {}
      def answer(method, path, body, headers):
          if path == "/models":
              for name in list(pending):
                  later = pending[name].pop(0)
                  status[name] = later
                  if not pending[name]: del pending[name]
              aliases = {"alpha": ["first"]}
              return 200, {"data": [{"id": name, "aliases": aliases.get(name, []), "status": status[name]} for name in status]}
          if path == "/health": return 200, {"status": "ok"}
          name = "alpha" if body["model"] == "first" else body["model"]
          if name not in status and path == "/models/load": return 404, {"error": {"message": "File Not Found"}}
          if name not in status: return 400, {"error": {"message": "model is not found"}}
          if path == "/crash": status[name] = {"value": "unloaded", "failed": True, "exit_code": 1}
          elif path == "/models/load":
              if status[name]["value"] != "unloaded": return 400, {"error": {"message": "model is already running"}}
              end = {"value": "unloaded", "failed": True, "exit_code": 1} if name == "broken" else {"value": "loaded"}
              status[name] = {"value": "loading"}
              pending[name] = [{"value": "loading"}, end]
          else:
              if status[name]["value"] == "unloaded": return 400, {"error": {"message": "model is not running"}}
              pending[name] = [{"value": "loaded"}, {"value": "unloaded"}]
          return 200, {"success": True}
      """)
  }

  /// As the API of Hugging Face's Inference Endpoints, and one endpoint of it, "team/large", at /serve.
  /// - Parameters:
  ///   - state: that the endpoint begins in.
  ///   - busy: how many requests are first answered with 429, and for how many seconds it wants to be let alone then.
  ///   - obeys: whether the token that is accepted may give orders.
  static func endpoint(state: String, busy: Int = 0, retryAfter: Int = 0, obeys: Bool = true) throws -> FakeHost {
    try FakeHost(
      """
      state, coming, busy, ill = "\(state)", [], \(busy), 1
      def report():
          url = f"http://127.0.0.1:{port}/serve/" if state in ["running", "scaledToZero"] else None
          status = {"state": state, "message": f"it is {state}", "url": url}
          return {"name": "large", "status": status, "healthRoute": "/ping"}
      def answer(method, path, body, headers):
          global state, coming, busy, ill
          if headers.get("Authorization") != "Bearer hf_secret":
              return 401, {"error": "Invalid credentials"}, [("WWW-Authenticate", "Bearer")]
          if path == "/serve/ping":
              if state == "scaledToZero": coming = ["initializing", "running"]
              if state != "running": return 503, {}
              ill -= 1
              return (503 if ill >= 0 else 200), {}
          if not path.startswith("/v2/endpoint/team/large"): return 404, {"error": "not found"}
          if busy > 0:
              busy -= 1
              return 429, {"error": "slow down"}, [("Retry-After", "\(retryAfter)")]
          order = path.removeprefix("/v2/endpoint/team/large")
          if order and not \(obeys ? "True" : "False"): return 403, {"error": "Forbidden"}
          if order == "/resume":
              if state != "paused": return 400, {"error": "not paused"}
              coming = ["pending", "initializing", "running"]
          if order == "/pause": coming = [state, "paused"]
          if order == "/scale-to-zero": coming = [state, "scaledToZero"]
          if order == "" and coming: state = coming.pop(0)
          return 200, report()
      """)
  }

  private static let preamble = """
    import http.server, json, sys
    port = int(sys.argv[1])

    """

  private static let serve = """

    class Handler(http.server.BaseHTTPRequestHandler):
        def respond(self):
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            print(self.command + " " + self.path + (" " + text if text else ""))
            status, body, *fields = answer(self.command, self.path, json.loads(text or "null"), self.headers)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in fields[0] if fields else []: self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        do_GET = do_POST = respond
        def log_message(self, *_): pass
    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
    """
}

extension ProcessTests.Site {
  /// Starts the host as somebody else would, and waits until it listens.
  func withHost(_ host: FakeHost, _ body: () async throws -> Void) async throws {
    let process = start(host.command)
    do {
      _ = await holds { await control(Upstream(origin: host.origin)).isListening(at: "/", within: .seconds(60)) }
      try await body()
    } catch {
      try await process.stop(grace: .zero)
      throw error
    }
    try await process.stop(grace: .zero)
  }

  /// The orders that a host was given.
  func expectOrders(_ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) async {
    let orders = { log.messages.filter { $0.hasPrefix("POST /") } }
    _ = await holds { orders().count >= expected.count }
    #expect(orders() == expected, sourceLocation: sourceLocation)
  }
}
