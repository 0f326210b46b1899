import Testing

@testable import HTTP

struct HeadWriterTests {
  private func written(_ write: (ByteBuffer) -> Void) -> String {
    let buffer = ByteBuffer()
    write(buffer)
    return buffer.text
  }

  @Test(arguments: [
    (200, "200 OK"), (431, "431 Request Header Fields Too Large"), (599, "599 "), (100, "100 Continue"),
  ])
  func `a status line has the status and its reason`(status: Int, text: String) {
    #expect(written { $0.appendStatusLine(status) } == "HTTP/1.1 \(text)\r\n")
  }

  @Test func `a request line has method, target and version`() {
    let target = latin1("/v1/a?b")
    #expect(written { $0.appendRequestLine(.post, target: target.span) } == "POST /v1/a?b HTTP/1.1\r\n")
  }

  @Test(arguments: [0, 9, 10, 99, 100, 1_234_567_890, Int.max, -1, Int.min])
  func `a number is written in decimal`(number: Int) {
    #expect(written { $0.appendField("N", number) } == "N: \(number)\r\n")
  }

  @Test(arguments: [1, 9, 10, 15, 16, 255, 256, 65_535, 65_536, Int.max])
  func `a chunk's size is written in hexadecimal`(count: Int) {
    #expect(written { $0.appendChunkSize(count) } == String(count, radix: 16) + "\r\n")
  }

  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("a\r\nX-Evil: 1", "a  X-Evil: 1"), ("a\0b\u{7F}\tc", "a b  c"), ("é", "é"),
    ("\r\n\r\n", "    "),
  ])
  func `a value cannot end its line`(value: String, expected: String) {
    #expect(written { $0.appendField(named: "X", value) } == "X: \(expected)\r\n")
  }

  @Test(arguments: [
    (BodyFraming.none, "Content-Length: 0\r\n"), (.length(12), "Content-Length: 12\r\n"),
    (.chunked, "Transfer-Encoding: chunked\r\n"), (.untilClose, ""),
  ])
  func `framing is told by one field at most`(framing: BodyFraming, text: String) {
    #expect(written { $0.appendFraming(framing) } == text)
  }

  @Test func `what is written is read back`() throws {
    let text = written {
      $0.appendStatusLine(200)
      $0.appendField("Server", "switcher")
      $0.appendField(named: "X-Request-Id", "abc")
      $0.appendFraming(.chunked)
      $0.appendLineEnd()
      $0.appendChunkSize(5)
      $0.append("hello")
      $0.appendLineEnd()
      $0.appendLastChunk()
    }
    let head = try #require(response(text).head)
    #expect(head.fields.map(\.known) == [.server, .xRequestID, .transferEncoding])
    #expect(head.framing == .chunked)
    var body = latin1(text)[head.byteCount...].map { $0 }
    var decoder = ChunkedDecoder()
    var span = body.mutableSpan
    let (consumed, payload) = try decoder.decode(&span, in: span.indices)
    #expect(decoder.isFinished)
    #expect(consumed == body.count)
    #expect(body.prefix(payload).elementsEqual(latin1("hello")))
  }

  /// The lines that are left of a request when it is sent on without those of kinds `excluded`.
  private func forwarded(_ lines: [String], excluding excluded: KnownFieldSet) throws -> String {
    let bytes = latin1("GET / HTTP/1.1\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\nbody")
    var parser = RequestParser()
    var head = RequestHead()
    #expect(try parser.parse(bytes.span, into: &head))
    return written {
      $0.appendFields(head.fields, of: bytes.span, end: head.byteCount, excluding: excluded)
    }
  }

  /// Every way to keep or drop each of five fields.
  @Test(arguments: 0..<32)
  func `fields are copied as they came, save the excluded ones`(kept: Int) throws {
    let all = ["Host: a", "Content-Type:  b \t", "aCCept:", "X-Model: c", "Origin: d e"]
    let kinds: [KnownField] = [.host, .contentType, .accept, .xModel, .origin]
    var excluded: KnownFieldSet = []
    for (bit, kind) in kinds.enumerated() where kept >> bit & 1 == 0 { excluded.insert(kind) }
    let expected = all.enumerated().filter { kept >> $0.offset & 1 == 1 }.map { $0.element + "\r\n" }.joined()
    #expect(try forwarded(all, excluding: excluded) == expected)
  }

  @Test func `fields of one connection are never copied`() throws {
    let lines = [
      "Connection: x-foo, close", "X-Foo: 1", "Host: a", "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c", "Trailer: T",
      "Proxy-Connection: a", "Proxy-Authorization: b", "X-Food: 1", "Transfer-Encoding: chunked",
    ]
    #expect(try forwarded(lines, excluding: [.host]) == "X-Food: 1\r\n")
  }

  @Test func `a head without fields has none to copy`() {
    let nothing = [UInt8]()
    #expect(written { $0.appendFields([], of: nothing.span, end: 0, excluding: []) } == "")
  }
}

extension ByteBuffer {
  /// The readable bytes as text.
  var text: String { withBytes { HeadSlice(0..<$0.count).string(in: $0) } }
}
