import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct TunnelTests {
  private static let upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
  private static let granted =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Key: k\r\n\r\n"

  @Test func `an upgrade that is granted turns the connection into a tunnel`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      // What comes right behind either head belongs to the new protocol.
      try await client.send(Self.upgrade + "first ")
      let peer = try await upstream.accept()
      let request = Message(head: try await peer.readHead())
      #expect(request["connection"] == "Upgrade")
      #expect(request["upgrade"] == "websocket")
      try await peer.send(Self.granted + "hello ")
      let head = Message(head: try await client.readHead())
      #expect(head.status == 101)
      #expect(head["connection"] == "Upgrade")
      #expect(head["upgrade"] == "websocket")
      #expect(head["x-key"] == "k")
      try await client.send("up")
      #expect(try await peer.read(8) == "first up")
      try await peer.send("down")
      #expect(try await client.read(10) == "hello down")

      // Each direction ends for itself.
      client.endSending()
      #expect(try await peer.readToEnd() == "")
      try await peer.send("last")
      await peer.close()
      #expect(try await client.readToEnd() == "last")
      #expect(try await forwards.next()?.get().bodyBytes == 14)
    }
  }

  @Test func `an upgrade that is not granted is an exchange like any other`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.upgrade)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `HTTP 2 in clear is never asked for, nor taken`() async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
      let peer = try await upstream.accept()
      #expect(Message(head: try await peer.readHead()).values(of: "upgrade") == [])
      try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test(arguments: [false, true])
  func `a request with a body asks for no upgrade, and gets none`(readsBody: Bool) async throws {
    try await withProxy(readsBody: readsBody) { server, upstream, forwards in
      let client = try await server.connect()
      // CR LF is one character.
      try await client.send(Self.upgrade.dropLast() + "Content-Length: 10\r\n\r\n" + (readsBody ? "0123456789" : ""))
      let peer = try await upstream.accept()
      #expect(Message(head: try await peer.readHead()).values(of: "upgrade") == [])
      try await peer.send(Self.granted)
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test func `an upgrade that is granted before it has been asked for in full is no answer`() async throws {
    try await withProxy(.roomy) { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.upgrade.dropLast() + .filler + "\r\nfirst")
      let peer = try await upstream.accept()
      try await peer.send(Self.granted)
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test(arguments: [false, true])
  func `a tunnel that breaks on one side breaks on the other`(clientBreaks: Bool) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.upgrade)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send(Self.granted)
      _ = try await client.readHead()
      let (breaking, other) = clientBreaks ? (client, peer) : (peer, client)
      await breaking.reset()
      await #expect(throws: Peer.Failure.self) { try await other.read(1) }
      _ = await forwards.next()
    }
  }
}
