import Core
import Testing

@testable import HTTP

/// Requests that are ended from here, since their model has to make way.
@Suite(.timeLimit(.minutes(10)))
struct DrainTimeoutTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let stream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n"

  /// Hangs up on the server that the proxy forwards to.
  private static func hangUp(_ server: TestServer, on upstream: ScriptedUpstream) {
    server.loops.hangUp(on: upstream.origin, for: .drainTimeout)
  }

  /// Whether the proxy has found that a client of that server's takes no more.
  private static func waitsForClients(_ server: TestServer, of upstream: ScriptedUpstream) async -> Bool {
    let origin = upstream.origin
    for loop in server.loops.loops {
      let waits = await loop.run {
        loop.upstreams.server(at: origin).busy.contains { $0.client?.isWritable == false }
      }
      if waits { return true }
    }
    return false
  }

  @Test func `a request without an answer can still be given one, which tells why`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      Self.hangUp(server, on: upstream)
      #expect(try await peer.readToEnd() == "")
      #expect(try await client.readMessage().body.hasSuffix("the drain took too long"))
      #expect(await forwards.nextFailure?.kind == "drained after nothing")
    }
  }

  @Test func `a request on a connection that was used before is not sent again`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send(Self.ok)
      _ = try await client.readMessage()
      _ = await forwards.next()
      try await client.send(Self.get)
      _ = try await peer.readHead()
      Self.hangUp(server, on: upstream)
      #expect(await forwards.nextFailure?.kind == "drained after nothing")
      #expect(try await client.readMessage().status == 502)
    }
  }

  @Test func `a stream ends with an error event that tells why, and no last chunk`() async throws {
    try await withProxy(plan: { $0.drainedError = Array(#"{"d":1}"#.utf8) }) { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send(Self.stream)
      _ = try await client.readHead()
      #expect(try await client.read(14) == "9\r\ndata: x\n\n\r\n")
      Self.hangUp(server, on: upstream)
      #expect(try await client.readToEnd() == "1c\r\nevent: error\ndata: {\"d\":1}\n\n\r\n")
      #expect(await forwards.nextFailure?.kind == "drained after 9")
    }
  }

  @Test func `another answer is cut before its end`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
      _ = try await client.readHead()
      #expect(try await client.read(4) == "half")
      Self.hangUp(server, on: upstream)
      #expect(try await client.readToEnd() == "")
      #expect(await forwards.nextFailure?.kind == "drained after 4")
    }
  }

  @Test func `a client that takes nothing holds no request up`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect(receiveBuffer: 65_536)
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
      let block = [UInt8](repeating: 0x61, count: 1 << 18)
      while await !Self.waitsForClients(server, of: upstream) { _ = await peer.flood(with: block, atMost: 1 << 20) }
      Self.hangUp(server, on: upstream)
      #expect(await forwards.nextFailure?.kind.hasPrefix("drained after ") == true)
    }
  }

  @Test(arguments: [false, true])
  func `a tunnel is ended on both sides, even if one has ended already`(serverEnds: Bool) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello")
      _ = try await client.readHead()
      #expect(try await client.read(5) == "hello")
      if serverEnds {
        peer.endSending()
        #expect(try await client.readToEnd() == "")
      }
      Self.hangUp(server, on: upstream)
      #expect(try await peer.readToEnd() == "")
      if !serverEnds { #expect(try await client.readToEnd() == "") }
      #expect(await forwards.nextFailure?.kind == "drained after 5")
    }
  }
}
