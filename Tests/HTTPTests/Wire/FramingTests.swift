import Testing

@testable import HTTP

struct FramingTests {
  private func post(_ lines: String, version: String = "HTTP/1.1") -> Outcome<ReadRequest> {
    request("POST / \(version)\r\nHost: a\r\n\(lines.isEmpty ? "" : lines + "\r\n")\r\n")
  }

  @Test(
    arguments: [
      ("", .none), ("Content-Length: 0", .none), ("Content-Length: 5", .length(5)),
      ("content-length:\t5 \t", .length(5)), ("Content-Length: 0005", .length(5)),
      ("Content-Length: 9223372036854775807", .length(.max)), ("Transfer-Encoding: chunked", .chunked),
      ("Transfer-Encoding: CHUNKED", .chunked), ("tRANSFER-eNCODING:\t cHuNkEd \t", .chunked),
      ("Transfer_Encoding: chunked\r\nContent-Length: 5", .length(5)),
    ] as [(String, BodyFraming)])
  func `a request's body reaches as far as its head says`(lines: String, framing: BodyFraming) {
    #expect(post(lines).head?.framing == framing)
  }

  @Test(arguments: [
    "+5", "-5", "-0", "0x5", "0_5", "5;", "5 5", "", "5.0", "1e1", "abc", "\"5\"", "9223372036854775808",
    "18446744073709551616", "18446744073709551621", "-18446744073709551611", "\u{B2}", "\u{EF}\u{BC}\u{95}", "5, 5",
    "5, 6", "5,", ",5", "x", "999999999999999999999999999999", "9999999999999999999", "00000000000000000005",
  ])
  func `a length that is not digits alone is malformed`(value: String) {
    #expect(post("Content-Length: \(value)").status == 400)
    #expect(response("HTTP/1.1 200 OK\r\nContent-Length: \(value)\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 0\r\ncOnTeNt-lEnGtH: 44", "Content-Length: 5\r\nX: y\r\nContent-Length: 0",
  ])
  func `two lengths are malformed, even two that agree`(lines: String) {
    #expect(post(lines).status == 400)
    #expect(response("HTTP/1.1 200 OK\r\n\(lines)\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    "identity", "chunked, identity", "identity, chunked", "gzip, chunked", "gzip", "xchunked", "chunkedx", "chunk",
    "chunked, chunked", "\"chunked\"", "'chunked'", "chunked;a=b", "cow chunked bar", "", ",", "\u{A0}chunked",
    "chunked\u{A0}", "chun ked", "chun\u{E2}\u{84}\u{AA}ed", ",chunked", "chunked,", "chunked ,",
  ])
  func `an encoding other than chunked alone is malformed`(value: String) {
    #expect(post("Transfer-Encoding: \(value)").status == 400)
    #expect(post("Transfer-Encoding: \(value)\r\nContent-Length: 5").status == 400)
    #expect(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: \(value)\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: chunked\r\nContent-Length: 0", "Transfer-Encoding: chunked\r\nX: y\r\ncontent-length: x",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
  ])
  func `a message framed twice is malformed`(lines: String) {
    #expect(post(lines).status == 400)
    #expect(post(lines, version: "HTTP/1.0").status == 400)
    #expect(response("HTTP/1.1 200 OK\r\n\(lines)\r\n\r\n").status == 502)
  }

  @Test func `HTTP/1.0 knows no transfer encoding`() {
    #expect(post("Transfer-Encoding: chunked", version: "HTTP/1.0").status == 400)
    #expect(post("Transfer-Encoding: chunked\r\nConnection: keep-alive", version: "HTTP/1.0").status == 400)
    #expect(response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    ("100-continue", "Content-Length: 5", true), ("100-Continue", "Transfer-Encoding: chunked", true),
    ("100-continue", "Content-Length: 0", false), ("100-continue", "X: y", false),
  ])
  func `a client that expects to be told to go on is told so only when it has a body`(
    expect: String, framing: String, expects: Bool
  ) {
    #expect(post("Expect: \(expect)\r\n\(framing)").head?.expectsContinue == expects)
  }

  @Test func `an HTTP/1.0 client is never told to go on`() {
    #expect(post("Expect: 100-continue\r\nContent-Length: 5", version: "HTTP/1.0").head?.expectsContinue == false)
  }

  @Test(arguments: ["200-ok", "", "100-continue, x", "100"])
  func `an expectation that is not understood is answered with 417`(value: String) {
    #expect(post("Expect: \(value)\r\nContent-Length: 5").status == 417)
    #expect(post("Expect: \(value)\r\nExpect: 100-continue\r\nContent-Length: 5").status == 417)
  }

  /// Servers have been made to see, or to overlook, an encoding by a byte that each skips in its own way.
  @Test(arguments: ["Transfer-Encoding: chunked", "Content-Length: 7"])
  func `no single byte slipped into a framing field makes it count for some and not for others`(line: String) {
    let clean = latin1(line)
    for place in 0...clean.count {
      for byte in UInt8.min...UInt8.max {
        var slipped = clean
        slipped.insert(byte, at: place)
        let bytes = latin1("POST / HTTP/1.1\r\nHost: a\r\n") + slipped + latin1("\r\nContent-Length: 5\r\n\r\n")
        guard let head = parseRequest(bytes, endingAt: [bytes.count]).head else { continue }
        // It passed, so it must be a field of another name for anyone who reads it.
        #expect(head.framing == .length(5))
        let name = slipped.prefix { $0 != UInt8(ascii: ":") }
        #expect(name != clean.prefix { $0 != UInt8(ascii: ":") }, "byte \(byte) at \(place)")
        #expect(name.allSatisfy(ByteClass.token.contains))
      }
    }
  }
}
