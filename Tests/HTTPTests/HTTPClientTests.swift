import Core
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct HTTPClientTests {
  /// Runs `test` with a client and the upstream that it calls.
  private func withClient(_ test: (HTTPClient, ScriptedUpstream) async throws -> Void) async throws {
    let loops = try EventLoopGroup(count: 1)
    let upstream = try await ScriptedUpstream()
    do {
      try await test(HTTPClient(loops: loops), upstream)
    } catch {
      await loops.shutdown()
      throw error
    }
    await upstream.close()
    await loops.shutdown()
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n\r\nhello",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
  ])
  func `an answer is returned whole, however it is framed`(answer: String) async throws {
    try await withClient { client, upstream in
      let request = ClientRequest(
        .post, "/sleep?level=1", fields: [("Content-Type", "application/json")], body: Array("{}".utf8))
      async let response = client.send(request, to: upstream.origin, timeout: .seconds(600))
      let peer = try await upstream.accept()
      let received = try await peer.readMessage()
      #expect(received.startLine == "POST /sleep?level=1 HTTP/1.1")
      #expect(received["host"] == upstream.origin.description)
      #expect(received["content-type"] == "application/json")
      #expect(received["connection"] == "close")
      #expect(received.body == "{}")
      for byte in answer.utf8 { try await peer.send([byte]) }
      peer.endSending()
      #expect(try await response.status == 200)
      #expect(try await response.body == Array("hello".utf8))
    }
  }

  @Test func `a status of failure is an answer`() async throws {
    try await withClient { client, upstream in
      async let response = client.send(ClientRequest(.get, "/health"), to: upstream.origin, timeout: .seconds(600))
      let peer = try await upstream.accept()
      #expect(try await peer.readMessage().values(of: "content-length") == [])
      try await peer.send("HTTP/1.1 503 Loading\r\nContent-Length: 0\r\n\r\n")
      #expect(try await response.status == 503)
    }
  }

  @Test func `nobody listening is told with the request's name`() async throws {
    try await withClient { client, _ in
      let failure = await #expect(throws: ClientFailure.self) {
        try await client.send(ClientRequest(.post, "/sleep?level=1"), to: .nobody, timeout: .seconds(600))
      }
      #expect(failure?.kind == .notConnected)
      let nobody = Origin.nobody
      #expect(failure?.description == "POST http://\(nobody)/sleep?level=1: \(nobody): connection refused")
    }
  }

  @Test func `a connection that is neither made nor refused in time is told apart from a late answer`() async throws {
    let deaf = try DeafListener()
    try await withClient { client, _ in
      let origin = Origin(host: "127.0.0.1", port: deaf.port)
      let failure = await #expect(throws: ClientFailure.self) {
        try await client.send(ClientRequest(.get, "/x"), to: origin, timeout: .milliseconds(50))
      }
      #expect(failure?.kind == .connectTimedOut)
      #expect(failure?.description == "GET http://\(origin)/x: no connection within 0.05 s")
    }
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"])
  func `an answer that does not come in time is a time-out`(beginning: String) async throws {
    try await withClient { client, upstream in
      let failure = await #expect(throws: ClientFailure.self) {
        async let response = client.send(ClientRequest(.get, "/x"), to: upstream.origin, timeout: .milliseconds(200))
        let peer = try await upstream.accept()
        // Under load the time may be over before this comes.
        try? await peer.send(beginning)
        _ = try await response
      }
      #expect(failure?.kind == .timedOut)
      #expect(failure?.description == "GET http://\(upstream.origin)/x: no answer within 0.2 s")
    }
  }

  @Test func `cancelling the task ends the request`() async throws {
    try await withClient { client, upstream in
      let origin = upstream.origin
      let task = Task { try await client.send(ClientRequest(.get, "/x"), to: origin, timeout: .seconds(600)) }
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      task.cancel()
      let failure = await #expect(throws: ClientFailure.self) { try await task.value }
      #expect(failure?.kind == .cancelled)
      #expect(try await peer.readToEnd() == "")
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + String(repeating: "a", count: 101), "exceeds 100 bytes"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "closed before the answer was whole"),
    ("nonsense\r\n\r\n", "malformed"), ("", "closed before the answer was whole"),
  ])
  func `what is no whole answer is a failure`(answer: String, reason: String) async throws {
    try await withClient { client, upstream in
      let failure = await #expect(throws: ClientFailure.self) {
        async let response = client.send(
          ClientRequest(.get, "/x"), to: upstream.origin, timeout: .seconds(600), bodyLimit: 100)
        let peer = try await upstream.accept()
        _ = try await peer.readHead()
        try await peer.send(answer)
        peer.endSending()
        _ = try await response
      }
      #expect(failure?.kind == .noAnswer)
      #expect(failure?.description.contains(reason) == true)
    }
  }

  @Test(arguments: ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"])
  func `a stream's pieces are handed on as they come`(answer: String) async throws {
    try await withClient { client, upstream in
      let (pieces, sink) = AsyncStream.makeStream(of: [UInt8].self)
      let (target, timeout) = (upstream.origin, Duration.seconds(600))
      async let end: Void = client.stream(ClientRequest(.get, "/"), to: target, timeout: timeout, silence: timeout) {
        #expect($0 == 200)
        if !$1.isEmpty { sink.yield($1) }
      }
      let peer = try await upstream.accept()
      _ = try await peer.readMessage()
      try await peer.send("HTTP/1.1 200 OK\r\n")
      for byte in answer.utf8 { try await peer.send([byte]) }
      try await end
      sink.finish()
      #expect(await pieces.reduce(into: []) { $0 += $1 } == Array("hello".utf8))
    }
  }

  @Test(arguments: [("", "nothing more came"), ("close", "the connection was closed before the answer was whole")])
  func `a stream that falls silent or breaks off is a failure`(_ end: String, _ reason: String) async throws {
    try await withClient { client, upstream in
      let (target, silence) = (upstream.origin, Duration.milliseconds(end.isEmpty ? 20 : 600_000))
      let result = Task {
        try await client.stream(ClientRequest(.get, "/"), to: target, timeout: .seconds(600), silence: silence) {
          _, _ in
        }
      }
      let peer = try await upstream.accept()
      _ = try await peer.readMessage()
      try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")
      if !end.isEmpty { peer.endSending() }
      let failure = await #expect(throws: ClientFailure.self) { try await result.value }
      #expect(failure?.description == "GET http://\(upstream.origin)/: \(reason)")
    }
  }
}
