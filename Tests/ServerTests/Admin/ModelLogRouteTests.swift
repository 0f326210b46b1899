import Core
import HTTP
import Metrics
import Synchronization
import TestSupport
import Testing

@testable import Backends
@testable import Server

@Suite(.timeLimit(.minutes(10))) struct ModelLogRouteTests {
  /// The route alone, on a real socket, for a model `org/a` with the alias `z`.
  final class World: Sendable {
    let outputs = ModelOutputs()
    private let loops: EventLoopGroup
    private let server: HTTPServer
    private let origin: Origin

    init(token: String? = nil) async throws {
      loops = try EventLoopGroup(count: 1)
      let text = #"{"models": {"org/a": {"url": "http://127.0.0.1:1", "aliases": ["z"]}}}"#
      let directory = ModelDirectory(
        try ConfigurationText(text).load().models, metrics: RequestMetrics(registry: Registry()),
        traffic: TrafficMonitor())
      var secrets = Secrets()
      secrets.insert("hf_secret_token")
      var router = Router(ledger: .silent(), logger: .silent)
      ModelLogRoute(
        directory: LiveDirectory(directory), outputs: outputs, secrets: SecretKeeper(secrets),
        timeline: SystemTimeline(), admission: AdminGuard(token: token, isLoopback: true)
      ).add(to: &router)
      server = HTTPServer(
        address: try SocketAddress("127.0.0.1:0"), limits: .patient, loops: loops, logger: .silent,
        handler: router.serve)
      let address = try await server.start()
      origin = Origin(host: address.host, port: address.port)
    }

    var output: ModelOutput { outputs["org/a"] }

    func end() async {
      outputs.close()
      await server.drain(until: SystemTimeline().now)
      await loops.shutdown()
    }

    struct Answer: Equatable {
      let status: Int
      let text: String
    }

    func get(_ target: String, fields: [(name: String, value: String)] = []) async throws -> Answer {
      let request = ClientRequest(.get, target, fields: fields)
      let response = try await HTTPClient(loops: loops).send(request, to: origin, timeout: .seconds(600))
      return Answer(status: response.status, text: String(decoding: response.body, as: UTF8.self))
    }

    /// Reads the stream to its end; `seen` gets all that has come so far, each time that more comes.
    func follow(
      _ target: String, fields: [(name: String, value: String)] = [],
      _ seen: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> String {
      let text = Mutex("")
      try await HTTPClient(loops: loops).stream(
        ClientRequest(.get, target, fields: fields), to: origin, timeout: .seconds(600), silence: .seconds(600)
      ) { _, piece in
        seen(
          text.withLock { text in
            text += String(decoding: piece, as: UTF8.self)
            return text
          })
      }
      return text.withLock(\.self)
    }
  }

  private func withWorld(token: String? = nil, _ body: (World) async throws -> Void) async throws {
    let world = try await World(token: token)
    try await body(world)
    await world.end()
  }

  private static let events = [(name: "Accept", value: "text/event-stream")]

  @Test(arguments: [
    ("/logs/org/a", "one\ntwo\nthree\n"), ("/logs/org%2Fa", "one\ntwo\nthree\n"), ("/logs/z", "one\ntwo\nthree\n"),
    ("/logs/z?lines=2", "two\nthree\n"), ("/logs/z?lines=0", ""), ("/logs/z?follow=0", "one\ntwo\nthree\n"),
  ])
  func `the last lines are there as text`(target: String, text: String) async throws {
    try await withWorld { world in
      world.output.append(["one", "two", "three"])
      let answer = try await world.get(target)
      #expect(answer == World.Answer(status: 200, text: text))
    }
  }

  @Test(arguments: [
    ("/logs/b", 404, "model_not_found"), ("/logs/z?lines=many", 400, "found \\\"many\\\", expected a number from 0"),
    ("/logs/z?lines=-1", 400, "bad_request"), ("/logs/z?follow=maybe", 400, "found \\\"maybe\\\", expected 1 or 0"),
  ])
  func `what can't be had is told with its reason`(target: String, status: Int, text: String) async throws {
    try await withWorld { world in
      let answer = try await world.get(target)
      #expect(answer.status == status)
      #expect(answer.text.contains(text), "\(answer.text)")
    }
  }

  @Test func `only who holds the token sees a model's output`() async throws {
    try await withWorld(token: "t0ken") { world in
      let stranger = try await world.get("/logs/z")
      let owner = try await world.get("/logs/z", fields: [("Authorization", "Bearer t0ken")])
      #expect([stranger.status, owner.status] == [401, 200])
    }
  }

  @Test func `a secret is masked, whatever a server prints`() async throws {
    try await withWorld { world in
      world.output.append(["env HF_TOKEN=hf_secret_token"])
      let answer = try await world.get("/logs/z")
      #expect(answer.text == "env HF_TOKEN=***\n")
    }
  }

  @Test func `who follows gets the lines as they come, over the end of one server and the start of the next`()
    async throws
  {
    try await withWorld { world in
      world.output.append(["old", "last"])
      let text = try await world.follow("/logs/z?follow=1&lines=1") { [world] text in
        switch text {
        case "last\n": world.output.append(["exited with status 1", "started as process 7"])
        case "last\nexited with status 1\nstarted as process 7\n": world.outputs.close()
        default: break
        }
      }
      #expect(text == "last\nexited with status 1\nstarted as process 7\n")
    }
  }

  @Test func `as events the lines bear their numbers, by which a client goes on where it was`() async throws {
    try await withWorld { world in
      world.output.append(["one", "10%\r20%", "three"])
      world.outputs.close()
      let text = try await world.follow("/logs/z", fields: Self.events)
      #expect(text == "id: 1\ndata: one\n\nid: 2\ndata: 10%\ndata: 20%\n\nid: 3\ndata: three\n\n")
      let rest = try await world.follow("/logs/z", fields: Self.events + [("Last-Event-ID", "2")])
      #expect(rest == "id: 3\ndata: three\n\n")
    }
  }

  @Test func `who was too slow is told how many lines are gone`() {
    let piece = ModelOutput.Piece(lines: ["x"], missed: 3, end: 9)
    #expect(
      ModelLogForm.text.text(of: piece)
        == "*** switcher: 3 lines left out: they came faster than they were read ***\nx\n")
    #expect(
      ModelLogForm.events.text(of: piece)
        == "event: gap\ndata: 3 lines left out: they came faster than they were read\n\nid: 9\ndata: x\n\n")
  }
}
