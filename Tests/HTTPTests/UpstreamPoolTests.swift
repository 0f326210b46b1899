import Core
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct UpstreamPoolTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  /// Has one request answered over a connection that the pool may then keep.
  private static func answerFirst(
    _ client: Peer, _ upstream: ScriptedUpstream, with answer: String = ok
  ) async throws -> Peer {
    try await client.send(get)
    let peer = try await upstream.accept()
    _ = try await peer.readHead()
    try await peer.send(answer)
    #expect(try await client.readMessage().status < 500)
    return peer
  }

  @Test func `a connection is used again`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream)
      for _ in 0..<3 {
        try await client.send(Self.get)
        _ = try await peer.readHead()
        try await peer.send(Self.ok)
        #expect(try await client.readMessage().body == "ok")
      }
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL",
    "HTTP/1.1 204 No Content\r\n\r\nEVIL",
  ])
  func `a connection that the server ends, or says too much on, is not`(answer: String) async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream, with: answer)
      #expect(try await peer.readToEnd() == "")
      try await client.send(Self.get)
      let fresh = try await upstream.accept()
      _ = try await fresh.readHead()
      try await fresh.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `what comes on an idle connection is never taken for an answer`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream)
      _ = await forwards.next()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
      let loop = server.loops.loops[0]
      while await !loop.run({ loop.upstreams.server(at: upstream.origin).idle?.isStale == true }) {}
      try await client.send(Self.get)
      let fresh = try await upstream.accept()
      try await fresh.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
      await #expect(throws: Peer.Failure.self) { try await peer.read(1) }
    }
  }

  @Test(arguments: [false, true])
  func `a request that meets a connection just closed is sent once more, unseen by the client`(resets: Bool)
    async throws
  {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      for _ in 0..<20 {
        let peer = try await Self.answerFirst(client, upstream)
        // Now the next request races with this end; whoever wins, it has to be answered.
        if resets { await peer.reset() } else { await peer.close() }
      }
    }
  }

  @Test func `a server that resets a used connection with the request unread is asked once more`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream)
      try await client.send("POST /again HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
      try await peer.waitForInput()
      await peer.close()
      let fresh = try await upstream.accept()
      let request = try await fresh.readMessage()
      #expect(request.startLine == "POST /again HTTP/1.1")
      #expect(request.body == "body")
      try await fresh.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `a server that has read the request and ends a used connection is not asked again`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream)
      #expect(try await forwards.next()?.get().status == 200)
      try await client.send(Self.get)
      _ = try await peer.readHead()
      await peer.close()
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test func `a server that has begun to answer on a used connection is not asked again`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      let peer = try await Self.answerFirst(client, upstream)
      _ = await forwards.next()
      try await client.send(Self.get)
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 100 Continue\r\n\r\n")
      await peer.reset()
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test func `an idle connection that the server ends is closed at once`() async throws {
    try await withProxy { server, upstream, forwards in
      let peer = try await Self.answerFirst(try await server.connect(), upstream)
      _ = await forwards.next()
      peer.endSending()
      #expect(try await peer.readToEnd() == "")
    }
  }

  // MARK: A server that is to be stopped

  @Test func `an idle connection ends when its server is hung up on`() async throws {
    try await withProxy { server, upstream, forwards in
      let peer = try await Self.answerFirst(try await server.connect(), upstream)
      _ = await forwards.next()
      server.loops.hangUp(on: upstream.origin, for: .stop)
      #expect(try await peer.readToEnd() == "")
    }
  }

  @Test func `a request that waits for its answer fails when its server is hung up on`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      server.loops.hangUp(on: upstream.origin, for: .stop)
      #expect(try await peer.readToEnd() == "")
      #expect(try await client.readMessage().body.hasSuffix("the model server is being stopped"))
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test func `an answer under way is cut, so that the client can tell, when its server is hung up on`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\n\r\nhalf")
      _ = try await client.readHead()
      server.loops.hangUp(on: upstream.origin, for: .stop)
      #expect(try await peer.readToEnd() == "")
      let rest = try await client.readToEnd()
      #expect(!rest.hasSuffix("0\r\n\r\n"))
      #expect(await forwards.nextFailure?.kind == "cut after 4")
    }
  }

  @Test func `the requests on other servers go on when one is hung up on`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      server.loops.hangUp(on: Origin(host: upstream.origin.host, port: upstream.origin.port ^ 1), for: .stop)
      try await peer.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `a connection that was idle for too long is closed`() async throws {
    let loop = try EventLoop(name: "pool")
    let upstream = try await ScriptedUpstream()
    let origin = upstream.origin
    let isTaken = try await loop.run { () async throws -> [Bool] in
      let pool = UpstreamPool()
      let server = pool.server(at: origin)
      var taken: [Bool] = []
      for age in [Duration.seconds(3), .seconds(5)] {
        let connection = try await Dialler.connect(
          to: origin, within: .seconds(600), on: loop, abortedBy: AbortHandle())
        pool.put(connection, to: server)
        taken.append(pool.take(from: server, at: loop.now + age) != nil)
        connection.channel.close()
      }
      return taken
    }
    #expect(isTaken == [true, false])
    await upstream.close()
    await loop.shutdown()
  }
}
