import HTTP
import Testing

@testable import Backends

@Suite(.timeLimit(.minutes(10)))
struct WebTransferTests {
  /// What came of a request: heads, body and end in one line.
  private func outcome(
    _ service: SpokenService, _ method: String = "GET", fields: [(name: String, value: String)] = [], body: String = ""
  ) async -> String {
    let transfer = WebTransfer()
    transfer.start(WebRequest(method: method, url: service.url + "/a?b=c", fields: fields, body: Array(body.utf8)))
    defer { transfer.cancel() }
    var parts: [String] = []
    for await news in transfer.news {
      switch news {
      case .head(let status, let fields):
        parts.append("\(status) " + fields.map { "\($0.name)=\($0.value)" }.joined(separator: ","))
      case .piece(let bytes):
        parts.append(String(decoding: bytes, as: UTF8.self))
        transfer.taken(bytes: bytes.count)
      case .end(nil): parts.append("whole")
      case .end(let failure?): parts.append("\(failure.kind)\(failure.wasNotSent ? " unsent" : "")")
      }
    }
    return parts.joined(separator: "|")
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A:  b \r\n\r\nok", "200 Content-Length=2,X-A=b|ok|whole"),
    ("HTTP/1.1 200 OK\r\nX-Empty:\r\n\r\nok", "200 X-Empty=|ok|whole"),
    ("HTTP/1.1 307 Elsewhere\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", "307 Location=/b,Content-Length=0|whole"),
    ("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 None\r\nX-A: b\r\n\r\n", "204 X-A=b|whole"),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: t\r\n\r\n",
      "200 Transfer-Encoding=chunked|ok|whole"
    ),
    ("HTTP/1.1 200 OK\r\nX-A: b\r\n  c\r\nContent-Length: 0\r\n\r\n", "200 X-A=b c,Content-Length=0|whole"),
    ("HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 2\r\n\r\nok", "noAnswer"),
    ("HTTP/1.1 200 OK\r\nX-A : b\r\n\r\nok", "noAnswer"), ("HTTP/1.1 200 OK\r\nno field\r\n\r\nok", "noAnswer"),
    ("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n", "noAnswer"),
    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello", "noAnswer"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "200 Content-Length=10|ok|noAnswer"),
    ("SSH-2.0-OpenSSH\r\n", "noAnswer"), ("", "noAnswer"),
  ])
  func `an answer is read as it is meant`(answer: String, expected: String) async throws {
    #expect(await outcome(try SpokenService(answer)) == expected)
  }

  @Test func `a request that was read and not answered is sent once`() async throws {
    let service = try SpokenService("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(await outcome(service, "POST", body: "act") == "noAnswer")
    #expect(service.requests.count == 1)
  }

  @Test func `a service that can't be reached has not got the request`() async throws {
    let transfer = WebTransfer()
    transfer.start(WebRequest(method: "GET", url: "http://127.0.0.99:9/", fields: []))
    guard case .end(let failure?) = await transfer.news.first(where: { _ in true }) else {
      Issue.record("an end was expected")
      return
    }
    #expect(failure.kind == .notConnected && failure.wasNotSent)
    #expect(failure.reason.contains("127.0.0.99 port 9"))
  }

  @Test(
    arguments: [
      ("GET", "", nil), ("GET", "asked", "5"), ("POST", "", "0"), ("DELETE", "", nil),
    ] as [(String, String, String?)])
  func `a request goes out as it is`(method: String, body: String, length: String?) async throws {
    let service = try SpokenService("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let fields = [("X-A", "b"), ("X-Empty", "")]
    #expect(await outcome(service, method, fields: fields, body: body) == "200 Content-Length=0|whole")
    let request = try #require(service.requests.first)
    #expect(request.hasPrefix("\(method) /a?b=c HTTP/1.1\r\n"))
    #expect(request.contains("\r\nX-A: b\r\n"))
    #expect(request.contains("\r\nX-Empty:\r\n"))
    #expect(request.firstMatch(of: /Content-Length: (\d+)/).map { String($0.1) } == length)
    #expect(!request.contains("Content-Type"))
    #expect(!request.contains("Expect"))
    #expect(!request.contains("Accept"))
    #expect(request.hasSuffix("\r\n\r\n\(body)"))
  }

  @Test func `the answer to HEAD has no body, whatever came with the request`() async throws {
    let service = try SpokenService("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    #expect(await outcome(service, "HEAD", body: "asked") == "200 Content-Length=5|whole")
  }

  @Test func `a head without an end is not waited for`() {
    var heads = AnswerHeads()
    #expect(heads.take("HTTP/1.1 200 OK\r\n") == .goOn)
    let lines = (0..<3_000).map { _ in heads.take("X-A: " + String(repeating: "a", count: 100) + "\r\n") }
    #expect(lines.last == .fault("the answer's head exceeds 262144 bytes"))
  }

  @Test func `what was cancelled is not sent`() async throws {
    let service = try SpokenService("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let transfer = WebTransfer()
    transfer.cancel()
    transfer.start(WebRequest(method: "GET", url: service.url, fields: []))
    guard case .end(let failure?) = await transfer.news.first(where: { _ in true }) else {
      Issue.record("an end was expected")
      return
    }
    #expect(failure.kind == .cancelled)
    #expect(service.requests.isEmpty)
  }

  @Test func `a library that is not there is told`() {
    let failure = #expect(throws: WebFailure.self) { try CurlLibrary(name: "libnone.so") }
    #expect(failure?.reason.contains("libnone.so") == true)
  }
}
