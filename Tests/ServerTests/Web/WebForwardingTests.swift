import Backends
import Core
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import Server

/// A client, the daemon's forwarding, and a service on the web, over real sockets.
@Suite(.timeLimit(.minutes(10))) struct WebForwardingTests {
  @Test func `a request goes out with the service's credentials and comes back as it is`() async throws {
    let edit = ForwardPlan.BodyEdit(range: 10..<13, replacement: Array(#""org/a""#.utf8))
    try await withWebWorld(edit: edit) { exchange throws(ExchangeFailure) in
      try await exchange.readBody()
      let body = exchange.withBody { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
      let told = ["authorization", "x-api-key", "cookie", "x-scale-up-timeout", "x-mine", "content-type"].map { name in
        exchange.field(named: name) ?? "-"
      }
      try await exchange.respond(
        status: 429, fields: [("Retry-After", "7"), ("X-Told", told.joined(separator: " "))],
        body: "\(exchange.target) \(body)")
    } _: { world in
      let answer = try await world.answer(
        #"{"model": "a"}"#,
        fields: "Authorization: Bearer client\r\nX-API-Key: k\r\nCookie: c=1\r\nX-Mine: yes\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 429 "))
      for line in [
        "Retry-After: 7", "X-Told: Bearer service - - 600 yes application/json", "x-added: 1",
        "Transfer-Encoding: chunked", "Content-Type: application/json",
      ] {
        #expect(answer.contains("\r\n\(line)\r\n"), "\(line) in \(answer)")
      }
      #expect(answer.contains("\r\nServer-Timing: queue;dur=0.0, switch;dur=0.0, upstream;dur="))
      #expect(answer.contains(#"/v1/completions?x=1 {"model": "org/a"}"#))
      #expect(answer.hasSuffix("0\r\n\r\n"))
    }
  }

  @Test func `a service without credentials of its own gets the client's`() async throws {
    try await withWebWorld(authorization: nil) { exchange throws(ExchangeFailure) in
      let told = ["authorization", "x-api-key", "cookie", "x-scale-up-timeout"].map { name in
        exchange.field(named: name) ?? "-"
      }
      try await exchange.respond(status: 200, body: told.joined(separator: " "))
    } _: { world in
      let answer = try await world.answer(fields: "Authorization: Bearer client\r\nX-API-Key: k\r\nCookie: c=1\r\n")
      #expect(answer.contains("Bearer client k c=1 -"))
    }
  }

  @Test func `an answer is passed on piece by piece`() async throws {
    let gate = Notes()
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.begin(status: 200, contentType: "text/event-stream")
      try await exchange.send(Array("data: one\n\n".utf8))
      _ = await gate.next
      try await exchange.send(Array("data: [DONE]\n\n".utf8))
      try await exchange.finish()
    } _: { world in
      let client = try await world.client()
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: here\r\n\r\n")
      let first = try await client.read(until: "data: one\n\n")
      #expect(first.contains("\r\nX-Accel-Buffering: no\r\n"))
      #expect(!first.contains("[DONE]"))
      gate.add("go on")
      let rest = try await client.read(until: "0\r\n\r\n")
      #expect(rest.contains("data: [DONE]\n\n"))
      client.close()
    }
  }

  @Test func `an answer that breaks off is told to its client, and is cut`() async throws {
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.begin(status: 200, contentType: "text/event-stream")
      try await exchange.send(Array("data: one\n\n".utf8))
      exchange.abort()
    } _: { world in
      let answer = try await world.answer()
      #expect(answer.contains("data: one\n\n"))
      #expect(answer.contains("event: error\ndata: {\"type\":\"error\""))
      #expect(!answer.hasSuffix("0\r\n\r\n"))
      #expect(await world.failures.next?.hasPrefix("cut(") == true)
    }
  }

  @Test func `a stream that takes longer than its model's drain may is told so, and is cut`() async throws {
    let never = Notes()
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.begin(status: 200, contentType: "text/event-stream")
      try await exchange.send(Array("data: one\n\n".utf8))
      _ = await never.next
    } _: { world in
      let client = try await world.client()
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: here\r\n\r\n")
      _ = try await client.read(until: "data: one\n\n")
      let neighbour = Upstream(origin: world.upstream.origin, basePath: "/other", web: world.upstream.web)
      world.web.hangUp(on: neighbour, for: .drainTimeout)
      world.web.hangUp(on: world.upstream, for: .drainTimeout)
      let rest = try await client.read(until: "\u{0}")
      #expect(rest.contains("event: error\ndata: {\"type\":\"error\""))
      #expect(rest.contains("the drain took too long"))
      #expect(!rest.hasSuffix("0\r\n\r\n"))
      #expect(await world.failures.next?.hasPrefix("drained(") == true)
      client.close()
    }
  }

  @Test func `a request without an answer is ended, too, when its model is to make way`() async throws {
    let (service, never) = (Notes(), Notes())
    try await withWebWorld { exchange throws(ExchangeFailure) in
      service.add("asked")
      _ = await never.next
    } _: { world in
      let client = try await world.client()
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
      #expect(await service.next == "asked")
      world.web.hangUp(on: world.upstream, for: .drainTimeout)
      #expect(try await client.read(until: "\u{0}").hasPrefix("HTTP/1.1 502 "))
      #expect(await world.failures.next?.hasPrefix("drained(") == true)
      client.close()
    }
  }

  @Test(arguments: [HangUp.drainTimeout, .stop])
  func `a client that is slow to send its request holds nothing up`(reason: HangUp) async throws {
    try await withWebWorld { _ throws(ExchangeFailure) in
    } _: { world in
      let client = try await world.client()
      try await client.send("POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n")
      try await client.send("Expect: 100-continue\r\n\r\n")
      // The body is waited for.
      _ = try await client.read(until: "100 Continue\r\n\r\n")
      world.web.hangUp(on: world.upstream, for: reason)
      let kind = reason == .stop ? "noAnswer(" : "drained("
      #expect(await world.failures.next?.hasPrefix(kind) == true)
      #expect(try await client.read(until: "failed").hasPrefix("HTTP/1.1 502 "))
      client.close()
    }
  }

  @Test func `a client that takes nothing holds its service back, but not the end of its request`() async throws {
    let sent = Mutex(0)
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.begin(status: 200, contentType: "text/plain")
      let block = [UInt8](repeating: 0x61, count: 1 << 20)
      while true {
        try await exchange.send(block)
        sent.withLock { $0 += 1 }
      }
    } _: { world in
      let client = try await world.client()
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: here\r\n\r\n")
      // Until nothing moves any more.
      var before = -1
      while case let now = sent.withLock(\.self), now == 0 || now != before {
        before = now
        try await Task.sleep(for: .milliseconds(200))
      }
      // What the sockets between here and the client hold, and little more.
      #expect(sent.withLock(\.self) < 64)
      world.web.hangUp(on: world.upstream, for: .drainTimeout)
      #expect(await world.failures.next?.hasPrefix("drained(") == true)
      client.close()
    }
  }

  @Test func `a service that ends the connection without an answer may have acted upon the request`() async throws {
    try await withWebWorld { exchange throws(ExchangeFailure) in
      exchange.abort()
    } _: { world in
      let answer = try await world.answer()
      #expect(answer.hasPrefix("HTTP/1.1 502 "))
      #expect(await world.failures.next?.hasPrefix("noAnswer(") == true)
    }
  }

  @Test func `a client that leaves ends its request to the service`() async throws {
    let (service, never) = (Notes(), Notes())
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.begin(status: 200, contentType: "text/event-stream")
      try await exchange.send(Array("data: more\n\n".utf8))
      // Ends when the task is cancelled, as it is when its client leaves.
      _ = await never.next
      service.add("left alone")
    } _: { world in
      let client = try await world.client()
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: here\r\n\r\n")
      _ = try await client.read(until: "data: more\n\n")
      client.close()
      #expect(await service.next == "left alone")
      #expect(await world.failures.next == "clientGone")
    }
  }

  @Test(arguments: [204, 304])
  func `an answer that has no body by its status goes on without one`(status: Int) async throws {
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.respond(status: status, fields: [("ETag", "1")])
    } _: { world in
      let answer = try await world.answer()
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
      #expect(answer.lowercased().contains("\r\netag: 1\r\n"))
      #expect(!answer.contains("Transfer-Encoding"))
      #expect(answer.hasSuffix("\r\n\r\n"))
    }
  }

  @Test(arguments: ["Bearer", "Basic realm=\"service\"", "Digest realm=\"service\", nonce=\"1\"", ""])
  func `a demand for other credentials is passed on`(challenge: String) async throws {
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.respond(status: 401, fields: [("WWW-Authenticate", challenge)], body: "who are you?")
    } _: { world in
      let answer = try await world.answer()
      #expect(answer.hasPrefix("HTTP/1.1 401 "))
      #expect(answer.contains("\r\nWWW-Authenticate: \(challenge)\r\n"))
      #expect(answer.contains("who are you?"))
    }
  }

  @Test func `a redirection is the client's to follow`() async throws {
    try await withWebWorld { exchange throws(ExchangeFailure) in
      try await exchange.respond(status: 307, fields: [("Location", "/elsewhere")])
    } _: { world in
      let answer = try await world.answer()
      #expect(answer.hasPrefix("HTTP/1.1 307 "))
      #expect(answer.contains("\r\nLocation: /elsewhere\r\n"))
    }
  }
}
