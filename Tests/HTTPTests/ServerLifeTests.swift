import Core
import Synchronization
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct ServerLifeTests {
  private static let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  private static func inSeconds(_ seconds: Int) -> Instant { SystemTimeline().now + .seconds(seconds) }

  @Test func `all loops listen on one port`() async throws {
    try await withServer(loops: 3) { exchange in
      try? await exchange.respond(status: 200, body: "{}")
    } _: { server in
      let clients = try await withThrowingTaskGroup(of: Peer.self) { group in
        for _ in 0..<60 { group.addTask { try await server.connect() } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      for client in clients { try await client.send(Self.request) }
      for client in clients { #expect(try await client.readMessage().status == 200) }
      #expect(server.server.connectionCount == 60)
    }
  }

  @Test func `a port that somebody else holds is an error that names it`() async throws {
    let stranger = try await ScriptedUpstream()
    try await withServer(loops: 2) { _ in
    } _: { other in
      for port in [stranger.port, other.port] {
        let address = try SocketAddress(host: "127.0.0.1", port: port)
        let server = HTTPServer(address: address, loops: other.loops, logger: .silent) { _ in }
        let failure = await #expect(throws: ListenFailure.self) { try await server.start() }
        #expect(failure?.description == "cannot listen on 127.0.0.1:\(port): address already in use")
      }
    }
  }

  @Test func `an address that is bound is taken, and who connects is served once the server accepts`() async throws {
    let loops = try EventLoopGroup(count: 2)
    let mayServe = Atomic(false)
    let server = HTTPServer(
      address: try SocketAddress("127.0.0.1:0"), limits: .patient, loops: loops, logger: .silent
    ) { exchange in
      try? await exchange.respond(status: mayServe.load(ordering: .sequentiallyConsistent) ? 200 : 500, body: "{}")
    }
    let address = try await server.bind()
    let second = HTTPServer(address: address, loops: loops, logger: .silent) { _ in }
    await #expect(throws: ListenFailure.self) { try await second.bind() }
    let client = try await Peer.connect(to: address.port, sending: Self.request)
    mayServe.store(true, ordering: .sequentiallyConsistent)
    server.accept()
    #expect(try await client.readMessage().status == 200)
    await server.drain(until: SystemTimeline().now)
    await loops.shutdown()
  }

  @Test func `draining closes idle connections at once and lets the busy one finish`() async throws {
    let hasBegun = Signal<Void>()
    let mayEnd = Signal<Void>()
    try await withServer { exchange in
      if exchange.path == "/wait" {
        hasBegun.set()
        await mayEnd.value
      }
      try? await exchange.respond(status: 200, body: "{}")
    } _: { server in
      let idle = try await server.connect()
      try await idle.send(Self.request)
      #expect(try await idle.readMessage()["connection"] == nil)
      let busy = try await server.connect()
      try await busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      await hasBegun.value

      let drain = Task { await server.server.drain(until: Self.inSeconds(50)) }
      #expect(try await idle.readToEnd() == "")
      await #expect(throws: SystemFailure.self) { try await server.connect() }
      #expect(server.server.connectionCount == 1)
      mayEnd.set()
      let answer = try await busy.readMessage()
      #expect(answer.status == 200)
      #expect(answer["connection"] == "close")
      #expect(try await busy.readToEnd() == "")
      await drain.value
      #expect(server.server.connectionCount == 0)
    }
  }

  @Test func `what is left at the drain's deadline is cut`() async throws {
    let hasBegun = Signal<Void>()
    let wasCancelled = Signal<Bool>()
    try await withServer { exchange in
      do {
        try await exchange.begin(status: 200, contentType: "text/plain")
        try await exchange.send(Array("one".utf8))
        hasBegun.set()
        try await Task.sleep(for: .seconds(86_400))
      } catch {
        wasCancelled.set(Task.isCancelled)
      }
    } _: { server in
      let client = try await server.connect()
      try await client.send(Self.request)
      _ = try await client.readHead()
      await hasBegun.value
      await server.server.drain(until: SystemTimeline().now + .milliseconds(20))
      #expect(await wasCancelled.value)
      await #expect(throws: Peer.Failure.ended("3\r\none\r\n")) { try await client.read(100) }
    }
  }

  @Test func `a handler that minds no cancellation does not hold the drain up`() async throws {
    let hasBegun = Signal<Void>()
    let mayEnd = Signal<Void>()
    try await withServer { exchange in
      hasBegun.set()
      await mayEnd.value
    } _: { server in
      let client = try await server.connect()
      try await client.send(Self.request)
      await hasBegun.value
      await server.server.drain(until: SystemTimeline().now)
      mayEnd.set()
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `an answer that yields is cut a moment after the drain has begun`() async throws {
    let hasBegun = Signal<Void>()
    try await withServer { exchange in
      exchange.yieldToDrain()
      do {
        try await exchange.begin(status: 200, contentType: "text/event-stream")
        hasBegun.set()
        // More than the sockets between here and a client that reads nothing hold.
        while true { try await exchange.send(Array(repeating: 0, count: 65_536)) }
      } catch {}
    } _: { server in
      let client = try await server.connect()
      try await client.send(Self.request)
      await hasBegun.value
      let began = SystemTimeline().now
      await server.server.drain(until: Self.inSeconds(50))
      #expect(SystemTimeline().now - began < .seconds(40))
      #expect(server.server.connectionCount == 0)
    }
  }
}
