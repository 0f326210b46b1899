import Testing

@testable import HTTP

struct ResponseParserTests {
  @Test func `a response's parts are told apart`() throws {
    let text = "HTTP/1.1 200 All is well\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
    let head = try #require(response(text + "{\"ok\":true}").head)
    #expect(head.status == 200)
    #expect(head.reason == "All is well")
    #expect(head.minorVersion == 1)
    #expect(head.fields.map(\.known) == [.contentType, .contentLength])
    #expect(head.framing == .length(11))
    #expect(head.keepAlive)
    #expect(!head.isEventStream)
    #expect(head.byteCount == text.utf8.count)
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK", 200, "OK"), ("HTTP/1.1 200 ", 200, ""), ("HTTP/1.1 200", 200, ""),
    ("HTTP/1.0 100 a b", 100, "a b"), ("HTTP/1.1 599 x\ty", 599, "x\ty"),
  ])
  func `a reason may be empty`(line: String, status: Int, reason: String) {
    let head = response("\(line)\r\n\r\n").head
    #expect(head?.status == status)
    #expect(head?.reason == reason)
  }

  @Test(arguments: [
    "HTP/1.1 200 OK", "HTTP/2.0 200 OK", "HTTP/1.2 200 OK", "http/1.1 200 OK", "HTTP/1.1 99 X", "HTTP/1.1 1000 X",
    "HTTP/1.1 abc X", "HTTP/1.1 +20 X", "HTTP/1.1 099 X", "HTTP/1.1 600 X", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK",
    "HTTP/1.1 20", "HTTP/1.1", "HTTP/1.1 200OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200 a\0b", "HTTP/1.1200 OK",
    "hello there\n", "", " HTTP/1.1 200 OK", "HTTP/1.1 200 OK\nContent-Length: 2", "HTTP/1.1 200 a\rb",
  ])
  func `a status line of any other form is malformed`(line: String) {
    #expect(response("\(line)\r\nContent-Length: 2\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    (HTTPMethod.get, 200, "Content-Length: 5", BodyFraming.length(5)), (.get, 200, "Content-Length: 0", .none),
    (.get, 200, "Transfer-Encoding: chunked", .chunked), (.get, 200, "X: y", .untilClose),
    (.head, 200, "Content-Length: 5", .none), (.head, 200, "Transfer-Encoding: chunked", .none),
    (.head, 404, "X: y", .none), (.get, 204, "X: y", .none), (.get, 204, "Content-Length: 5", .none),
    (.get, 304, "Content-Length: 50", .none), (.get, 100, "X: y", .none), (.get, 101, "Upgrade: x", .none),
    (.get, 500, "X: y", .untilClose),
  ])
  func `a response's body reaches as far as method, status and head say`(
    method: HTTPMethod, status: Int, line: String, framing: BodyFraming
  ) {
    let head = response("HTTP/1.1 \(status) X\r\n\(line)\r\n\r\n", to: method).head
    #expect(head?.framing == framing)
    #expect(head?.keepAlive == (framing != .untilClose && status != 101))
  }

  @Test(arguments: [
    ("text/event-stream", true), ("Text/Event-Stream; charset=utf-8", true), ("text/event-stream ;a", true),
    ("text/event-streams", false), ("text/event", false), ("application/json", false), ("", false),
  ])
  func `an event stream is known by its type`(type: String, isEventStream: Bool) {
    #expect(response("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\r\n").head?.isEventStream == isEventStream)
  }

  @Test func `heads that follow one another are read by one parser`() throws {
    let interim = latin1("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n")
    let final = latin1("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    let both = interim + final
    var parser = ResponseParser(requestMethod: .post)
    var head = ResponseHead()
    #expect(try parser.parse(both.span, into: &head))
    #expect(head.status == 100)
    #expect(try parser.parse(both.span.extracting(head.byteCount...), into: &head))
    #expect(head.status == 200)
    #expect(head.fields.count == 1)
    #expect(head.framing == .length(2))
  }

  @Test func `an endless head ends at the limit`() {
    let limits = HeadLimits(headBytes: 500, fields: 20, targetBytes: 100)
    #expect(response("HTTP/1.1 200 " + String(repeating: "a", count: 600), limits: limits).status == 502)
    #expect(response("HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 600), limits: limits).status == 502)
    #expect(response("HTTP/1.1 200 OK\r\n" + String(repeating: "X: a\r\n", count: 21), limits: limits).status == 502)
  }

  @Test func `a response is never blamed on the client`() {
    #expect(response("HTTP/3.0 200 OK\r\n\r\n").status == 502)
    #expect(response("HTTP/1.1 200 OK\r\nX: \n\r\n\r\n").status == 502)
  }
}
