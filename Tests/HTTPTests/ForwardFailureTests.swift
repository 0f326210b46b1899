import Core
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct ForwardFailureTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  // MARK: Before an answer

  @Test func `a refused connection leaves the exchange whole`() async throws {
    try await withProxy(plan: { $0.origin = .nobody }) { server, _, forwards in
      let answer = try await server.request(Self.get)
      #expect(answer.body == "not taken: \(Origin.nobody): connection refused")
      #expect(await forwards.nextFailure == .notTaken("\(Origin.nobody): connection refused"))
    }
  }

  @Test func `a name without an address is told`() async throws {
    try await withProxy(plan: { $0.origin = Origin(host: "no-such-host.invalid", port: 1) }) { server, _, _ in
      let answer = try await server.request(Self.get)
      #expect(answer.status == 502)
      #expect(answer.body.hasPrefix("not taken: no-such-host.invalid: "))
    }
  }

  @Test func `all addresses of a name are tried`() async throws {
    try await withProxy(plan: { $0.origin = Origin(host: "localhost", port: $0.origin.port) }) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      #expect(Message(head: try await peer.readHead())["host"] == "localhost:\(upstream.port)")
      try await peer.send(Self.ok)
      #expect(try await client.readMessage().body == "ok")
    }
  }

  @Test(arguments: [false, true], ["", "HTTP/1.1 200 OK\r\nContent-"])
  func `a fresh connection that ends without an answer is no reason to try again`(
    resets: Bool, beginning: String
  ) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send(beginning)
      if resets { await peer.reset() } else { await peer.close() }
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test(arguments: [
    "HTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 65),
  ])
  func `an answer that is none is not passed on`(answer: String) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      try await upstream.accept().send(answer)
      #expect(try await client.readMessage().status == 502)
      #expect(await forwards.nextFailure?.kind == "noAnswer")
    }
  }

  @Test func `no answer in time is a time-out`() async throws {
    try await withProxy(plan: { $0.firstByteTimeout = .milliseconds(20) }) { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      #expect(try await client.readMessage().status == 504)
      #expect(await forwards.nextFailure?.kind == "timedOut")
      _ = try await peer.readHead()
      #expect(try await peer.readToEnd() == "")
    }
  }

  // MARK: In the middle of an answer

  @Test(
    arguments: [
      ("Content-Length: 9", "hello", "hello"),
      ("Transfer-Encoding: chunked", "5\r\nhello\r\n", "5\r\nhello\r\n"),
      ("Transfer-Encoding: chunked", "9\r\nhello", "5\r\nhello\r\n"),
      ("Transfer-Encoding: chunked", "5\r\nhello\r\nxyz\r\n", "5\r\nhello\r\n"),
    ], [false, true])
  func `an answer that breaks off is cut so that the client can tell`(
    answer: (framing: String, sent: String, received: String), resets: Bool
  ) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\n\(answer.framing)\r\n\r\n")
      _ = try await client.readHead()
      // Two sends, so that what was right before the fault is seen on its own.
      let right = answer.sent.hasSuffix("xyz\r\n") ? String(answer.sent.dropLast(4)) : answer.sent
      try await peer.send(right)
      #expect(try await client.read(answer.received.utf8.count) == answer.received)
      if right != answer.sent { try await peer.send("xyz\r\n") }
      if resets { await peer.reset() } else { await peer.close() }
      #expect(try await client.readToEnd() == "")
      #expect(await forwards.nextFailure?.kind == "cut after 5")
    }
  }

  @Test(arguments: [
    ("data: x\n\n", ""), ("data: x\n\ndata: y", "\n\n"), ("data: x\r\n\r\n", ""),
  ])
  func `an event stream that breaks off ends with an error event and no last chunk`(
    events: String, separator: String
  ) async throws {
    try await withProxy(plan: { $0.midStreamError = Array(#"{"e":1}"#.utf8) }) { server, upstream, _ in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "\(String(events.utf8.count, radix: 16))\r\n\(events)\r\n"
      try await peer.send(chunk)
      _ = try await client.readHead()
      #expect(try await client.read(chunk.utf8.count) == chunk)
      await peer.close()
      let event = separator + "event: error\ndata: {\"e\":1}\n\n"
      #expect(try await client.readToEnd() == "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
    }
  }

  @Test func `an HTTP 1.0 client sees a reset where the answer breaks off`() async throws {
    try await withProxy { server, upstream, _ in
      let client = try await server.connect()
      try await client.send("GET / HTTP/1.0\r\n\r\n")
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
      _ = try await client.readHead()
      #expect(try await client.read(5) == "hello")
      await peer.close()
      await #expect(throws: Peer.Failure.reset("")) { try await client.read(1) }
    }
  }

  @Test func `an answer that stalls is cut`() async throws {
    try await withProxy(plan: { $0.stallTimeout = .milliseconds(20) }) { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
      _ = try await client.readHead()
      #expect(try await client.readToEnd() == "hello")
      #expect(await forwards.nextFailure?.kind == "cut after 5")
    }
  }

  // MARK: When the client leaves

  @Test(arguments: [false, true], ["", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"])
  func `a client that leaves takes its upstream request with it`(resets: Bool, answer: String) async throws {
    try await withProxy { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send(answer)
      if !answer.isEmpty { _ = try await client.readHead() }
      if resets { await client.reset() } else { await client.close() }
      #expect(try await peer.readToEnd() == "")
      #expect(await forwards.nextFailure == .clientGone)
    }
  }

  @Test func `a body that goes wrong while it is streamed ends the upstream request`() async throws {
    try await withProxy(readsBody: false) { server, upstream, forwards in
      let client = try await server.connect()
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await client.send("x")
      let answer = try await client.readMessage()
      #expect(answer.status == 400)
      #expect(await forwards.nextFailure?.kind == "refused")
      #expect(try await peer.readToEnd() == "2\r\nab\r\n")
    }
  }

  @Test func `a server that floods a client that stalls is held back`() async throws {
    let limits = {
      var limits = ServerLimits.patient
      limits.writeStallTimeout = .milliseconds(200)
      return limits
    }()
    try await withProxy(limits) { server, upstream, forwards in
      let client = try await server.connect(receiveBuffer: 65_536)
      try await client.send(Self.get)
      let peer = try await upstream.accept()
      _ = try await peer.readHead()
      try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
      let block = [UInt8](repeating: 0x61, count: 1 << 18)
      // Sends until the client has been given up, with all that the sockets between here and there hold.
      var sent = 0
      let end = Task { await forwards.nextFailure }
      let flood = Task { () -> Int in
        var sent = 0
        while !Task.isCancelled, sent < 1 << 29 {
          sent += await peer.flood(with: block, atMost: 1 << 20)
          await peer.waitForRoom()
        }
        return sent
      }
      #expect(await end.value == .clientGone)
      flood.cancel()
      await peer.close()
      sent = await flood.value
      #expect(sent < 24 << 20)
    }
  }
}
