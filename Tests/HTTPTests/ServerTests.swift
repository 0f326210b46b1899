import Core
import Testing

@testable import HTTP

/// Answers with what it was asked: method, target and body.
private let echo: HTTPServer.Handler = { exchange in
  do {
    try await exchange.readBody()
    let body = exchange.withBody { body in String(decoding: body.indices.map { body[$0] }, as: UTF8.self) }
    let text = "\(exchange.method.name) \(exchange.target) \(body)"
    try await exchange.respond(status: 200, contentType: "text/plain", body: text)
  } catch {}
}

@Suite(.timeLimit(.minutes(10)))
struct ServerTests {
  private static let host = "Host: test\r\n"

  @Test func `one connection bears one request after another`() async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      for number in 1...3 {
        try await client.send("GET /\(number) HTTP/1.1\r\n\(Self.host)\r\n")
        let answer = try await client.readMessage()
        #expect(answer.startLine == "HTTP/1.1 200 OK")
        #expect(answer.body == "GET /\(number) ")
        #expect(answer["connection"] == nil)
        #expect(answer["date"]?.hasSuffix("GMT") == true)
      }
    }
  }

  @Test func `pipelined requests are answered in order`() async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      var requests = ""
      for number in 1...20 { requests += "POST /\(number) HTTP/1.1\r\n\(Self.host)Content-Length: 3\r\n\r\nabc" }
      try await client.send(requests)
      for number in 1...20 { #expect(try await client.readMessage().body == "POST /\(number) abc") }
    }
  }

  @Test(arguments: [
    "POST /p HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: 1\r\n\r\n",
  ])
  func `a request may come byte by byte`(request: String) async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      for byte in request.utf8 { try await client.send([byte]) }
      #expect(try await client.readMessage().body == "POST /p hello")
      try await client.send(request + request)
      for _ in 0..<2 { #expect(try await client.readMessage().body == "POST /p hello") }
    }
  }

  @Test func `a client that has ended its side still gets an answer made here`() async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      try await client.send("GET /1 HTTP/1.1\r\n\(Self.host)\r\nGET /2 HTTP/1.1\r\n\(Self.host)\r\n")
      client.endSending()
      #expect(try await client.readMessage().body == "GET /1 ")
      #expect(try await client.readMessage().body == "GET /2 ")
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.0\r\n\r\n", "close"),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
  ])
  func `the answer says whether the connection goes on`(request: String, connection: String) async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      try await client.send(request)
      let answer = try await client.readMessage()
      #expect(answer["connection"] == connection)
      if connection == "close" { #expect(try await client.readToEnd() == "") }
    }
  }

  @Test func `a client that expects it is told to go on, and only then`() async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      let head = "POST / HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
      try await client.send(head)
      #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
      try await client.send("hi")
      #expect(try await client.readMessage().body == "POST / hi")
      try await client.send(head + "hi")
      #expect(try await client.readMessage().status == 200)
    }
  }

  @Test func `a late interrupt of a request leaves the connection to the next one`() async throws {
    let interrupter = Signal<@Sendable () -> Void>()
    try await withServer { exchange in
      interrupter.set(exchange.interrupter)
      do {
        try await exchange.readBody()
        try await exchange.respond(status: 200)
      } catch {
        try? await exchange.respond(status: 500)
      }
    } _: { server in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\n\(Self.host)\r\n")
      #expect(try await client.readMessage().status == 200)
      let interrupt = await interrupter.value
      func interruptAndWait() async {
        interrupt()
        await server.loops.loops[0].run {}
      }
      // While the connection is parked, and while its next request is waited for.
      await interruptAndWait()
      try await client.send("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
      await interruptAndWait()
      try await client.send("hi")
      #expect(try await client.readMessage().status == 200)
    }
  }

  @Test func `an answer given without the expected body ends the connection`() async throws {
    try await withServer { exchange in
      try? await exchange.respond(status: 403, body: "{}")
    } _: { server in
      let client = try await server.connect()
      try await client.send("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      let answer = try await client.readMessage()
      #expect(answer.status == 403)
      #expect(answer["connection"] == "close")
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `a small body that nobody read does not cost the connection`() async throws {
    try await withServer { exchange in
      try? await exchange.respond(status: 404, body: "{}")
    } _: { server in
      let client = try await server.connect()
      for _ in 0..<2 {
        try await client.send("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 4\r\n\r\n")
        #expect(try await client.readMessage().status == 404)
        try await client.send("body")
      }
      try await client.send("POST / HTTP/1.1\r\n\(Self.host)Content-Length: 1000000\r\n\r\n")
      #expect(try await client.readMessage()["connection"] == "close")
    }
  }

  @Test(arguments: ["HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"])
  func `a HEAD request gets the length but no body`(request: String) async throws {
    try await withServer(handler: echo) { server in
      let client = try await server.connect()
      try await client.send(request + "GET /next HTTP/1.1\r\n\(Self.host)\r\n")
      let head = Message(head: try await client.readHead())
      #expect(head["content-length"] == "7")
      #expect(try await client.readMessage().body == "GET /next ")
    }
  }

  @Test func `fields are found by kind and by name, whatever their case`() async throws {
    try await withServer { exchange in
      let found = [
        exchange.field(.xModel), exchange.field(named: "X-Other"), exchange.field(named: "x-absent"),
        exchange.path, exchange.query, exchange.authority, "\(exchange.hasPath("/a%2Fb"))", exchange.peer,
      ]
      try? await exchange.respond(status: 200, body: found.map { $0 ?? "-" }.joined(separator: "|"))
    } _: { server in
      let answer = try await server.request(
        "GET http://there:80/a%2Fb?q=1?2 HTTP/1.1\r\n\(Self.host)x-MODEL:  m \r\nX-OTHER: o\r\n\r\n")
      #expect(answer.body == "m|o|-|/a%2Fb|q=1?2|there:80|true|127.0.0.1")
    }
  }

  @Test func `a handler that answers nothing has an error answered for it`() async throws {
    try await withServer { _ in
    } _: { server in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\n\(Self.host)\r\n")
      let answer = try await client.readMessage()
      #expect(answer.status == 500)
      #expect(answer.body.contains(#""code":"internal_error""#))
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `an answer in pieces goes out piece by piece`() async throws {
    let goOn = Signal<Void>()
    try await withServer { exchange in
      do {
        exchange.addResponseField("X-Request-Id", "r1\r\nEvil: 1")
        try await exchange.begin(status: 200, fields: [("Cache-Control", "no-cache")], contentType: "text/event-stream")
        try await exchange.send(Array("one".utf8))
        await goOn.value
        try await exchange.send([])
        try await exchange.send(Array("two".utf8))
        try await exchange.finish()
      } catch {}
    } _: { server in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\n\(Self.host)\r\n")
      let head = Message(head: try await client.readHead())
      #expect(head["cache-control"] == "no-cache")
      #expect(head["x-request-id"] == "r1  Evil: 1")
      #expect(try await client.read(8) == "3\r\none\r\n")
      goOn.set()
      #expect(try await client.read(13) == "3\r\ntwo\r\n0\r\n\r\n")
    }
  }

  @Test(arguments: [
    ("HTTP/1.1", "3\r\none\r\n"), ("HTTP/1.0", "one"),
  ])
  func `an answer that breaks off can be told from a whole one`(version: String, body: String) async throws {
    try await withServer { exchange in
      do {
        try await exchange.begin(status: 200, contentType: "text/plain")
        try await exchange.send(Array("one".utf8))
        exchange.abort()
      } catch {}
    } _: { server in
      let client = try await server.connect()
      try await client.send("GET / \(version)\r\n\(Self.host)\r\n")
      _ = try await client.readHead()
      let expected: Peer.Failure = version == "HTTP/1.0" ? .reset(body) : .ended(body)
      await #expect(throws: expected) { try await client.read(100) }
    }
  }
}
