import Core
import Foundation
import Synchronization

/// A model server in a few lines of Python, which prints each request it gets: "POST /sleep?level=1" and the body.
struct FakeServer {
  /// What is answered on a path instead of what vLLM would.
  enum Rule {
    case status(Int, String)
    /// That for the first requests, then as if there were no rule.
    case first(Int, String = "", times: Int)
    /// Accepts and never answers.
    case hangs
    /// As if there were no rule, but not before so many requests have come.
    case meets(Int)

    fileprivate var json: String {
      switch self {
      case .status(let status, let body): #"{"status":\#(status),"body":"\#(body)"}"#
      case .first(let status, let body, let times): #"{"status":\#(status),"body":"\#(body)","times":\#(times)}"#
      case .hangs: #"{"hangs":true}"#
      case .meets(let count): #"{"meets":\#(count)}"#
      }
    }
  }

  /// What makes the server one that uses a GPU.
  struct GPU {
    /// The file that its workers map.
    let device: String
    let workers: Int
    /// Where it writes down what it is told, besides what it prints.
    let calls: String

    fileprivate var json: String { #"{"device":"\#(device)","workers":\#(workers),"calls":"\#(calls)"}"# }
  }

  let port: UInt16
  var rules: [String: Rule] = [:]
  var gpu: GPU?

  /// - Throws: when no port is to be had.
  init(_ rules: [String: Rule] = [:]) throws {
    port = try freePort()
    self.rules = rules
  }

  var origin: Origin { Origin(host: "127.0.0.1", port: port) }

  var command: [String] {
    let rules = rules.map { #""\#($0.key)":\#($0.value.json)"# }.joined(separator: ",")
    return ["python3", "-u", "-c", Self.program, "\(port)", "{\(rules)}", gpu?.json ?? "{}"]
  }

  private static let program = """
    import http.server, json, mmap, os, signal, sys, threading
    rules = json.loads(sys.argv[2])
    gpu = json.loads(sys.argv[3])
    def work(ready):
        with open(gpu["device"], "r+b") as file: memory = mmap.mmap(file.fileno(), 0)
        os.write(ready, b".")
        signal.pause()
    for _ in range(gpu.get("workers", 0)):
        reader, writer = os.pipe()
        if os.fork() == 0: work(writer)
        os.read(reader, 1)
    def note(request):
        if not gpu or request.startswith("GET /health"): return
        with open(gpu["calls"], "a") as file: file.write(request + "\\n")
    sleeping = False
    meetings = {path: threading.Barrier(rule["meets"]) for path, rule in rules.items() if "meets" in rule}
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            global sleeping
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            request = self.command + " " + self.path + (" " + body if body else "")
            os.write(1, (request + "\\n").encode())
            note(request)
            path = self.path.split("?")[0]
            rule = rules.get(path)
            if rule and rule.get("hangs"): threading.Event().wait()
            if path in meetings: meetings[path].wait()
            elif rule and rule.get("times", 1) > 0:
                if "times" in rule: rule["times"] -= 1
                return self.send(rule["status"], rule["body"].encode())
            if path == "/sleep": sleeping = True
            if path == "/wake_up": sleeping = False
            if path == "/is_sleeping": return self.send(200, json.dumps({"is_sleeping": sleeping}).encode())
            self.send(200, b"")
        do_GET = do_POST = do_PUT = do_PATCH = answer
        def send(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_): pass
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    """
}

/// A TCP socket of the test's own, bound to a port of 127.0.0.1.
final class BoundSocket: Sendable {
  let port: UInt16
  let descriptor: Int32

  /// - Parameter port: 0 for one that the system chooses.
  /// - Throws: when the port can't be had.
  init(_ port: UInt16 = 0, listening: Bool) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let done = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    guard done, !listening || listen(descriptor, 8) == 0 else { throw POSIXError(.EADDRINUSE) }
    self.port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}

/// Those that the system gives to no connection by itself, in an order that no other run has.
private let untriedPorts = Mutex(Array(10_000...UInt16(32_000)).shuffled())

/// A port that nobody listens on, and that this gives nobody twice.
func freePort() throws -> UInt16 {
  while let port = untriedPorts.withLock({ $0.popLast() }) {
    if let socket = try? BoundSocket(port, listening: false) { return socket.port }
  }
  throw POSIXError(.EADDRINUSE)
}
