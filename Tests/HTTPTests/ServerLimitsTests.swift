import Core
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct ServerLimitsTests {
  private static let answerOK: HTTPServer.Handler = { exchange in
    do {
      try await exchange.readBody()
      try await exchange.respond(status: 200, body: "{}")
    } catch {}
  }

  private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
    var limits = ServerLimits.patient
    limits.lingerTimeout = .milliseconds(50)
    change(&limits)
    return limits
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
    ("GET / HTTP/1.1\nHost: a\n\n", 400, "bad_request"),
    ("GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "http_version_not_supported"),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "not_implemented"),
    ("GET /" + String(repeating: "a", count: 300) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 2000) + "\r\n\r\n", 431, "header_too_large"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, "body_too_large"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n", 413, "body_too_large"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\n", 413, "body_too_large"),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n", 400, "bad_request"),
  ])
  func `what can't be taken is refused and the connection ended`(request: String, status: Int, code: String)
    async throws
  {
    let limits = Self.limits {
      $0.headBytes = 1024
      $0.targetBytes = 256
      $0.bodyBytes = 10
    }
    try await withServer(limits, handler: Self.answerOK) { server in
      let client = try await server.connect()
      try await client.send(request)
      let answer = try await client.readMessage()
      #expect(answer.status == status)
      #expect(answer["connection"] == "close")
      #expect(answer.body.hasPrefix(#"{"error":{"message":""#))
      #expect(answer.body.contains(#""code":"\#(code)""#))
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test(arguments: [
    "G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
  ])
  func `a request that stalls is answered with 408`(beginning: String) async throws {
    let limits = Self.limits {
      $0.headTimeout = .milliseconds(20)
      $0.bodyStallTimeout = .milliseconds(20)
    }
    try await withServer(limits, handler: Self.answerOK) { server in
      let client = try await server.connect()
      try await client.send(beginning)
      let answer = try await client.readMessage()
      #expect(answer.status == 408)
      #expect(answer.body.contains(#""code":"request_timeout""#))
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `a head that comes in drops has no more time than one that stalls`() async throws {
    let limits = Self.limits {
      $0.headTimeout = .milliseconds(50)
      $0.headBytes = 1 << 30
    }
    try await withServer(limits, handler: Self.answerOK) { server in
      let client = try await server.connect()
      let answer = Task { try await client.readMessage() }
      try await client.send("GET / HTTP/1.1\r\nX: ")
      // The drops end when the server no longer takes them.
      do {
        while true {
          try await client.send("a")
          try await Task.sleep(for: .milliseconds(1))
        }
      } catch {}
      #expect(try await answer.value.status == 408)
    }
  }

  @Test(arguments: [false, true])
  func `an idle connection is closed without a word`(hasServed: Bool) async throws {
    let limits = Self.limits { $0.idleTimeout = hasServed ? .seconds(3) : .milliseconds(50) }
    try await withServer(limits, handler: Self.answerOK) { server in
      let client = try await server.connect(sending: hasServed ? "GET / HTTP/1.1\r\nHost: a\r\n\r\n" : "")
      if hasServed { #expect(try await client.readMessage().status == 200) }
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `connections beyond the limit are told so`() async throws {
    try await withServer(Self.limits { $0.connections = 1 }, handler: Self.answerOK) { server in
      let first = try await server.connect()
      try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await first.readMessage().status == 200)
      let second = try await server.connect()
      let refusal = try await second.readMessage()
      #expect(refusal.status == 503)
      #expect(refusal.body.contains("too_many_connections"))
      await second.close()
      try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await first.readMessage().status == 200)
    }
  }

  @Test func `a client that takes nothing is cut off, and little is kept for it`() async throws {
    let limits = Self.limits { $0.writeStallTimeout = .milliseconds(50) }
    let sentBytes = Signal<Int>()
    try await withServer(limits) { exchange in
      var sent = 0
      do {
        try await exchange.begin(status: 200, contentType: "text/plain")
        let block = [UInt8](repeating: 0x61, count: 1 << 16)
        while true {
          try await exchange.send(block)
          sent += block.count
        }
      } catch {
        sentBytes.set(sent)
      }
    } _: { server in
      let client = try await server.connect(receiveBuffer: 65_536)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await sentBytes.value < 16 << 20)
      await #expect(throws: Peer.Failure.self) { try await client.read(1 << 30) }
    }
  }

  @Test(arguments: [false, true])
  func `a client that leaves cancels the handler that makes it wait`(resets: Bool) async throws {
    let hasBegun = Signal<Void>()
    let wasCancelled = Signal<Bool>()
    try await withServer { exchange in
      hasBegun.set()
      try? await Task.sleep(for: .seconds(86_400))
      wasCancelled.set(Task.isCancelled)
    } _: { server in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await hasBegun.value
      if resets { await client.reset() } else { await client.close() }
      #expect(await wasCancelled.value)
    }
  }

  @Test func `a client that leaves before its body has come is noticed`() async throws {
    let failure = Signal<ExchangeFailure?>()
    try await withServer { exchange in
      do throws(ExchangeFailure) {
        try await exchange.readBody()
        failure.set(nil)
      } catch {
        failure.set(error)
      }
    } _: { server in
      let client = try await server.connect()
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
      client.endSending()
      #expect(await failure.value == .clientGone)
    }
  }
}
