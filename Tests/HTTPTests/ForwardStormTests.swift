import Core
import Synchronization
import Testing

@testable import HTTP

/// Clients and servers that do whatever comes to their minds, in any order.
@Suite(.timeLimit(.minutes(10)))
struct ForwardStormTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `whatever client and server do, each request has one end and nothing is left of it`(seed: UInt64) async throws {
    var random = SeededGenerator(state: seed)
    let upstream = try await ScriptedUpstream()
    let origin = upstream.origin
    let servers = Task { [seed = random.next()] in await Self.serve(upstream, seed: seed) }
    let counts = Mutex((begun: 0, ended: 0))
    try await withServer { exchange in
      counts.withLock { $0.begun += 1 }
      defer { counts.withLock { $0.ended += 1 } }
      do {
        if exchange.hasPath("/read") { try await exchange.readBody() }
        try await exchange.forward(ForwardPlan(origin: origin))
      } catch ForwardFailure.noAnswer, ForwardFailure.notTaken, ForwardFailure.drained(_, bytesSent: nil) {
        try? await exchange.respond(status: 502)
      } catch {}
    } _: { server in
      for _ in 0..<300 {
        let client = try await server.connect()
        for _ in 0...Int.random(in: 1...6, using: &random) {
          await Self.act(as: client, by: &random)
          // Some more turns of the loop for the others.
          for _ in 0..<Int.random(in: 0..<8, using: &random) { await server.loops.loops[0].run {} }
          if Int.random(in: 0..<12, using: &random) == 0 { server.loops.hangUp(on: origin, for: .drainTimeout) }
        }
        if Bool.random(using: &random) { await client.reset() } else { await client.close() }
      }
      // Whatever is still open by then is cut, and counted.
      await server.server.drain(until: SystemTimeline().now + Interval(.seconds(120)))
      #expect(server.server.connectionCount == 0)
      let loop = server.loops.loops[0]
      #expect(await loop.run { loop.upstreams.server(at: origin).busy.isEmpty })
    }
    await upstream.close()
    await servers.value
    let (begun, ended) = counts.withLock(\.self)
    #expect(begun == ended)
    #expect(begun > 150)
  }

  // MARK: The clients

  private static let requests = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 8\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
  ]

  private static func act(as client: Peer, by random: inout SeededGenerator) async {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<5: try? await client.send(requests.randomElement(using: &random) ?? "")
    case 5: try? await client.send("8\r\nbodybody\r\n")
    case 6: try? await client.send("bodybody" + (requests.randomElement(using: &random) ?? ""))
    case 7: try? await client.send("0\r\n\r\n")
    case 8: try? await client.send(String(repeating: "b", count: 90_000))
    default: client.endSending()
    }
  }

  // MARK: The servers

  private static let answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n",
    "0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\nto the end",
    "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "nonsense\r\n\r\n",
  ]

  /// Serves each connection until there are no more.
  private static func serve(_ upstream: ScriptedUpstream, seed: UInt64) async {
    var random = SeededGenerator(state: seed)
    await withDiscardingTaskGroup { group in
      while let peer = try? await upstream.accept() {
        group.addTask { [seed = random.next()] in await act(as: peer, seed: seed) }
      }
    }
  }

  private static func act(as peer: Peer, seed: UInt64) async {
    var random = SeededGenerator(state: seed)
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      if Bool.random(using: &random) { _ = try? await peer.readHead() }
      try? await peer.send(answers.randomElement(using: &random) ?? "")
    }
    if Bool.random(using: &random) { await peer.reset() } else { await peer.close() }
  }
}
