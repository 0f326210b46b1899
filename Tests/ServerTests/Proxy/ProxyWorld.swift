import Backends
import Core
import HTTP
import Metrics
import Policies
import Switcher
import Synchronization
import TestSupport

@testable import Server

/// A proxy for one model, `a`, in front of a model server whose answers a test gives, and a client for it; all on real
/// sockets.
final class ProxyWorld: Sendable {
  private let loops: EventLoopGroup
  private let upstream: HTTPServer?
  private let server: HTTPServer
  private let address: SocketAddress
  private let registry = Registry()
  private let switcher: ModelSwitcher

  /// - Parameters:
  ///   - options: of the model, as the configuration has them, each with a comma before it.
  ///   - answer: what the model server does; nil for one that nobody listens at.
  init(_ options: String = "", _ answer: (@Sendable (Exchange) async throws -> Void)?) async throws {
    let loops = try EventLoopGroup(count: 1)
    self.loops = loops
    let anywhere = try SocketAddress("127.0.0.1:0")
    upstream = answer.map { answer in
      HTTPServer(address: anywhere, limits: .patient, loops: loops, logger: .silent) { exchange in
        try? await answer(exchange)
      }
    }
    // Nobody may listen on port 1, as this is no privileged process's test.
    let port = try await upstream?.start().port ?? 1
    let text = #"{"models": {"a": {"url": "http://127.0.0.1:\#(port)"\#(options)}}}"#
    let configuration = try ConfigurationText(text).load()
    let timeline = SystemTimeline()
    let forwarded = ForwardedRequests(loops: loops)
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: configuration.models.map { ($0.id, $0.limits) }, policy: FIFO(options: PolicyOptions()),
        requestTimeout: .seconds(600), at: timeline.now),
      runtimes: ["a": WillingRuntime(upstream: Upstream(origin: Origin(host: "127.0.0.1", port: port)))],
      timeline: timeline, hangUp: { forwarded.hangUp(on: $0, for: .drainTimeout) })
    let directory = ModelDirectory(
      configuration.models, metrics: RequestMetrics(registry: registry), traffic: TrafficMonitor())
    let proxy = ModelProxy(
      directory: LiveDirectory(directory), switcher: switcher, web: WebForwarding(transfers: forwarded.web),
      timeline: timeline, recorder: nil, logger: .silent)
    var router = Router(ledger: .silent(registry), logger: .silent)
    router.add(under: "/v1/", proxy.serve)
    server = HTTPServer(
      address: anywhere, limits: .patient, loops: loops, logger: .silent, refusing: router.refuse,
      handler: router.serve)
    address = try await server.start()
  }

  func end() async {
    await server.drain(until: .zero)
    await upstream?.drain(until: .zero)
    await loops.shutdown()
  }

  /// Has the model put to sleep; returns when its requests have ended and it is.
  func sleep() async throws { try await switcher.perform(.sleep("a", nil)) }

  func post(_ body: String, to target: String = "/v1/chat/completions") async throws -> ClientResponse {
    let request = ClientRequest(
      .post, target, fields: [("Content-Type", "application/json")], body: Array(body.utf8))
    return try await HTTPClient(loops: loops).send(
      request, to: Origin(host: address.host, port: address.port), timeout: .seconds(600))
  }

  /// The lines of the metrics that are not 0, of these families. A request is counted just after its answer, so they are
  /// read until `count` requests are.
  func metrics(of families: [String], after count: Int) async -> Set<String> {
    while true {
      let lines = String(decoding: await registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
      let responses = lines.filter { $0.hasPrefix("switcher_http_responses_total{") }
      guard responses.compactMap({ $0.split(separator: " ").last.flatMap { Int($0) } }).reduce(0, +) >= count else {
        await Task.yield()
        continue
      }
      return Set(
        lines.filter { line in families.contains { line.hasPrefix("switcher_\($0)") } && !line.hasSuffix(" 0") })
    }
  }
}

/// A model that is woken at once, and never dies.
private struct WillingRuntime: ModelRuntime {
  let upstream: Upstream
  let deaths = AsyncStream<Death> { $0.finish() }

  var processState: ProcessState { .external }

  func wake() async throws(RuntimeFailure) -> Instance { Instance(1) }
  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence { .asleep }
  func stop() async throws(RuntimeFailure) {}
  func isAlive() async -> Bool { true }
}
