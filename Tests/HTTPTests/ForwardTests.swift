import Core
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct ForwardTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  @Test func `a request goes up with its own fields and without those of the connection`() async throws {
    try await withProxy(plan: { $0.droppedFields = [.xModel] }) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(
        "POST http://ignored/v1/chat%20x?a=b HTTP/1.1\r\nHost: front\r\nX-Kept: 1\r\nConnection: close, x-mine\r\n"
          + "X-Mine: 2\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: p\r\nUpgrade: h2c\r\nX-Model: m\r\n"
          + "Authorization: Bearer t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
      let peer = try await upstream.accept()
      let request = try await peer.readMessage()
      #expect(request.startLine == "POST /v1/chat%20x?a=b HTTP/1.1")
      #expect(request["host"] == upstream.origin.description)
      #expect(request["x-kept"] == "1")
      #expect(request["authorization"] == "Bearer t")
      #expect(request.body == "hi")
      for name in ["connection", "x-mine", "keep-alive", "te", "proxy-authorization", "upgrade", "expect", "x-model"] {
        #expect(request.values(of: name) == [])
      }
    }
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, ""),
      ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "0", ""),
      (
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "5", "hello"
      ),
      ("OPTIONS http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", nil, ""),
    ] as [(String, String?, String)])
  func `a body that has been read goes up with its length`(request: String, length: String?, body: String) async throws
  {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(request)
      let forwarded = try await upstream.accept().readMessage()
      #expect(forwarded["content-length"] == length)
      #expect(forwarded["transfer-encoding"] == nil)
      #expect(forwarded.body == body)
      #expect(forwarded.startLine.split(separator: " ")[1].hasPrefix("/"))
    }
  }

  @Test func `the target and a part of the body can be replaced`() async throws {
    let edit = ForwardPlan.BodyEdit(range: 10..<14, replacement: Array(#""longer name""#.utf8))
    try await withProxy(plan: { plan in
      plan.target = "/other?x=1"
      plan.bodyEdit = edit
    }) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(#"POST / HTTP/1.1\#r\#nHost: a\#r\#nContent-Length: 15\#r\#n\#r\#n{"model":  "a"}"#)
      let forwarded = try await upstream.accept().readMessage()
      #expect(forwarded.startLine == "POST /other?x=1 HTTP/1.1")
      #expect(forwarded.body == #"{"model": "longer name"}"#)
    }
  }

  @Test(
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET / HTTP/1.1", "5", nil),
      ("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.1", "0", nil),
      (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "GET / HTTP/1.1", nil,
        "chunked"
      ),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "GET / HTTP/1.0", nil, nil),
      ("HTTP/1.0 200 OK\r\n\r\nhello", "GET / HTTP/1.1", nil, "chunked"),
      ("HTTP/1.1 204 No Content\r\n\r\n", "GET / HTTP/1.1", nil, nil),
      ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET / HTTP/1.1", "9", nil),
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD / HTTP/1.1", "9", nil),
    ] as [(String, String, String?, String?)])
  func `an answer comes down in a framing that fits`(
    answer: String, request: String, length: String?, coding: String?
  ) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send("\(request)\r\nHost: a\r\n\r\n")
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send(answer)
      peer.endSending()
      let head = Message(head: try await client.readHead())
      #expect(head["content-length"] == length)
      #expect(head["transfer-encoding"] == coding)
      #expect(head["date"] != nil)
      client.endSending()
      let rest = try await client.readToEnd()
      let hasBody = answer.contains("llo")
      #expect(hasBody == rest.contains("llo"))
      if coding == "chunked" {
        #expect(rest.hasSuffix("\r\n0\r\n\r\n"))
      } else {
        #expect(rest == (hasBody ? "hello" : ""))
      }
      #expect(try await forwards.next()?.get().bodyBytes == (hasBody ? 5 : 0))
    }
  }

  @Test func `each piece is passed on as it comes`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
      let head = Message(head: try await client.readHead())
      #expect(head["x-accel-buffering"] == "no")
      for number in 1...5 {
        try await peer.send("9\r\ndata: \(number)\n\n\r\n")
        #expect(try await client.read(14) == "9\r\ndata: \(number)\n\n\r\n")
      }
      try await peer.send("0\r\n\r\n")
      #expect(try await client.read(5) == "0\r\n\r\n")
    }
  }

  @Test func `fields added here go out with the upstream's answer`() async throws {
    let upstream = try await ScriptedUpstream()
    let origin = upstream.origin
    try await withServer { exchange in
      exchange.addResponseField("X-Request-Id", "ours")
      exchange.addResponseField("Server-Timing", "queue;dur=1")
      _ = try? await exchange.forward(ForwardPlan(origin: origin))
    } _: { server in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\nX-Request-ID: theirs\r\nX-Other: o\r\nContent-Length: 2\r\n\r\nok")
      let answer = try await client.readMessage()
      #expect(answer.values(of: "x-request-id") == ["ours"])
      #expect(answer["server-timing"] == "queue;dur=1")
      #expect(answer["x-other"] == "o")
    }
  }

  @Test func `interim answers are dropped`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `a large body and a large answer arrive whole, in both directions`() async throws {
    let block = String(repeating: "0123456789abcdef", count: 100_000)
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      async let answer = client.readMessage()
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(block.utf8.count)\r\n\r\n" + block)
      let peer = try await upstream.accept()
      let forwarded = try await peer.readMessage()
      #expect(forwarded.body == block)
      try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      try await peer.send("\(String(block.utf8.count, radix: 16))\r\n\(block)\r\n0\r\n\r\n")
      #expect(try await answer.content == block)
    }
  }

  @Test(arguments: [true, false])
  func `a body that nobody has read is streamed`(isChunked: Bool) async throws {
    try await withProxy(readsBody: false) { server, upstream, _ in
      let client = try await server.connect()
      let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 6"
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)\r\nExpect: 100-continue\r\n\r\n")
      #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
      let peer = try await upstream.accept()
      let head = Message(head: try await peer.readHead())
      #expect(head["content-length"] == (isChunked ? nil : "6"))
      for (piece, isLast) in [("ab", false), ("cd", false), ("ef", true)] {
        try await client.send(isChunked ? "2\r\n\(piece)\r\n" + (isLast ? "0\r\n\r\n" : "") : piece)
        let text = isChunked ? "2\r\n\(piece)" : piece
        #expect(try await peer.read(text.utf8.count) == text)
        if isChunked { #expect(try await peer.readLine() == "\r\n") }
      }
      if isChunked { #expect(try await peer.read(5) == "0\r\n\r\n") }
      try await peer.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
      // The connection goes on, also with a request that came together with the streamed body's end.
      try await client.send(Self.get)
      _ = try await peer.readHead()
      try await peer.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test func `a client is told to go on before its answer begins, and never in the middle of it`() async throws {
    try await withProxy(.roomy, readsBody: false) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n" + .filler + "\r\n")
      let peer = try await upstream.accept()
      // It answers before it has read the head, which is still on its way.
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
      #expect(try await client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
      #expect(Message(head: try await client.readHead()).status == 200)
      _ = try await peer.read(String.filler.utf8.count)
      _ = try await peer.readHead()
      try await client.send("hi")
      #expect(try await peer.read(2) == "hi")
      try await peer.send("lf")
      #expect(try await client.read(4) == "half")
    }
  }

  @Test func `an answer that comes before the body has been sent is passed on`() async throws {
    try await withProxy(readsBody: false) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
      let answer = try await client.readMessage()
      #expect(answer.status == 413)
      #expect(answer["connection"] == "close")
      #expect(try await client.readToEnd() == "")
    }
  }
}
