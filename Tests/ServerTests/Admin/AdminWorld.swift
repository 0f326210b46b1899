import Core
import Foundation
import HTTP
import Policies
import Switcher
import Synchronization
import TestSupport

@testable import Server

/// A switcher with the models a, b and broken, its admin routes on a port of their own, and a clock that the test moves.
final class AdminWorld: Sendable {
  let timeline = ManualTimeline()
  let monitor = TrafficMonitor()
  let history = SwitchHistory()
  let feed = EventFeed(StatePicture(models: ["a", "b", "broken"], policy: "fifo"), life: "life")
  let switcher: ModelSwitcher
  let origin: Origin
  private let loops: EventLoopGroup
  private let server: HTTPServer

  /// Starts the server; `end()` ends it.
  init(token: String? = nil, idleSleep: Duration? = nil) async throws {
    loops = try EventLoopGroup(count: 1)
    let limits = ModelLimits(idleSleep: idleSleep)
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: [("a", limits), ("b", limits), ("broken", limits)], policy: FIFO(options: PolicyOptions()),
        requestTimeout: .seconds(300), at: timeline.now),
      runtimes: ["a": PromptRuntime(), "b": PromptRuntime(), "broken": PromptRuntime(failure: "no such program")],
      timeline: timeline,
      observer: { [feed, history] notice, now in
        history.observe(notice)
        feed.observe(notice, now)
      })
    let admission = AdminGuard(token: token, isLoopback: true)
    let desk = Operator(switcher: switcher, refusal: { _, _ in nil })
    var router = Router(ledger: .silent(), logger: .silent)
    StatusPageRoute(
      switcher: switcher, monitor: monitor, history: history, timeline: timeline, events: EventsRoute.path
    ).add(to: &router)
    let views = TrafficViews(switcher: switcher, monitor: monitor, timeline: timeline, admission: admission)
    TrafficRoutes(views: views).add(to: &router)
    SleepRoutes(desk: desk, views: views).add(to: &router)
    EndpointRoutes(desk: desk, admission: admission).add(to: &router)
    HistoryRoute(history: history, timeline: timeline, admission: admission).add(to: &router)
    EventsRoute(hub: feed.hub, timeline: timeline, admission: admission).add(to: &router)
    server = HTTPServer(
      address: try SocketAddress("127.0.0.1:0"), limits: .patient, loops: loops, logger: .silent, handler: router.serve)
    let address = try await server.start()
    origin = Origin(host: address.host, port: address.port)
  }

  func end() async {
    feed.hub.close()
    await server.drain(until: SystemTimeline().now)
    await loops.shutdown()
  }

  struct Answer {
    let status: Int
    let text: String
    /// Nil for what is no JSON object.
    let json: [String: Any]?
  }

  func get(_ target: String, fields: [(name: String, value: String)] = []) async throws -> Answer {
    try await send(ClientRequest(.get, target, fields: fields))
  }

  func post(_ target: String) async throws -> Answer { try await send(ClientRequest(.post, target)) }

  private func send(_ request: ClientRequest) async throws -> Answer {
    let response = try await HTTPClient(loops: loops).send(request, to: origin, timeout: .seconds(600))
    let json = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    return Answer(status: response.status, text: String(decoding: response.body, as: UTF8.self), json: json)
  }

  /// Follows the events in a task of its own, until the stream ends.
  func follow(after lastID: String? = nil) -> Follower { Follower(HTTPClient(loops: loops), origin, lastID) }
}

/// One who reads the stream of events.
final class Follower: Sendable {
  private let events: AsyncStream<EventStreamParser.Event>
  /// The lines that say nothing.
  let comments: AsyncStream<String>
  private let task: Task<Void, any Error>

  fileprivate init(_ client: HTTPClient, _ origin: Origin, _ lastID: String?) {
    let (events, sink) = AsyncStream.makeStream(of: EventStreamParser.Event.self)
    self.events = events
    let (comments, remarks) = AsyncStream.makeStream(of: String.self)
    self.comments = comments
    let parser = Mutex(EventStreamParser())
    let fields = lastID.map { [("Last-Event-ID", $0)] } ?? []
    task = Task {
      defer { sink.finish() }
      try await client.stream(
        ClientRequest(.get, "/control/events", fields: fields), to: origin, timeout: .seconds(600),
        silence: .seconds(600)
      ) { _, piece in
        for line in String(decoding: piece, as: UTF8.self).split(separator: "\n") where line.hasPrefix(":") {
          remarks.yield(String(line))
        }
        for event in parser.withLock({ $0.take(piece) }) { sink.yield(event) }
      }
    }
  }

  /// The next event; nil when the stream has ended in peace.
  func next() async throws -> EventStreamParser.Event? {
    for await event in events { return event }
    try await task.value
    return nil
  }

  /// Goes away.
  func leave() { task.cancel() }
}

/// A model that wakes and sleeps at once, or can't be woken at all.
private struct PromptRuntime: ModelRuntime {
  let upstream = Upstream(origin: Origin(host: "127.0.0.1", port: 1))
  let deaths = AsyncStream<Death> { $0.finish() }
  var failure: String?

  func wake() async throws(RuntimeFailure) -> Instance {
    if let failure { throw RuntimeFailure(failure) }
    return Instance(1)
  }

  func sleep(_ eviction: Eviction?) async -> Residence { .asleep }
  func stop() async {}
  func isAlive() async -> Bool { true }
  var processState: ProcessState { get async { .running } }
}
