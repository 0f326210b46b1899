import Testing

@testable import HTTP

struct FieldTests {
  @Test(arguments: KnownField.allCases.filter { $0 != .other })
  func `every known field is recognised in any case`(field: KnownField) {
    for name in [field.text, field.text.uppercased(), field.text.capitalized] {
      #expect(recognise(latin1(name)) == field)
    }
  }

  @Test(arguments: KnownField.allCases.filter { $0 != .other })
  func `a name that differs from a known one anywhere is another`(field: KnownField) {
    let name = latin1(field.text)
    for index in name.indices {
      var other = name
      other[index] = UInt8(ascii: "_")
      #expect(recognise(other) == .other)
      #expect(index == 0 || recognise(Array(name[..<index])) != field)
    }
    #expect(recognise(name + [UInt8(ascii: "s")]) != field)
  }

  @Test(arguments: [
    ("X-A: b", "b"), ("X-A:b", "b"), ("X-A:\t b \t", "b"), ("X-A:", ""), ("X-A: ", ""), ("X-A:\t \t", ""),
    ("X-A: b c", "b c"), ("X-A: b\tc", "b\tc"), ("X-A: :", ":"), ("X-A: a, b;c=\"d\"", "a, b;c=\"d\""),
    ("X-A: 123456\t8\t\t1234567\t", "123456\t8\t\t1234567"),
  ])
  func `a value is what stands between the blanks`(line: String, value: String) {
    #expect(request(get(line)).head?["X-A"] == value)
  }

  @Test func `bytes above 0x7F may stand in a value`() {
    #expect(request(get("X-A: \u{C3}\u{A9}")).head?["X-A"] == "é")
    #expect(request(get("X-A: \u{E9}\u{FF}")).head != nil)
  }

  @Test(arguments: ["!#$%&'*+-.^_`|~09azAZ", "X_a", "x"])
  func `a token is a name`(name: String) {
    #expect(request(get("\(name): 1")).head?[name] == "1")
  }

  @Test(arguments: [
    "X-A : b", "X-A\t: b", "X A: b", "garbage", ": x", "X\0A: b", "X\rA: b", "X\u{7F}A: b", "X\u{E9}: b", "X(a): b",
    "X[]: b", "X/a: b", "X@a: b", ":X-A: b", "X\"A: b", "X{A: b", "X,A: b", "X;A: b", "X=A: b", "Content-Length : 5",
    "Transfer-Encoding : chunked", "Transfer\r-Encoding: chunked", " ", "\t", "X", " X: y",
  ])
  func `a line whose name is no token with a colon behind it is malformed`(line: String) {
    #expect(request(get(line)).status == 400)
    #expect(request(get(line, host: nil)).status == 400)
    #expect(response("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    "X-A: a\r\n b", "X-A: a\r\n\tb", "Transfer-Encoding:\r\n chunked", "Content-Length:\r\n 5", "X: y\r\n \r\nZ: a",
  ])
  func `a folded field is malformed`(lines: String) {
    #expect(request(get(lines)).status == 400)
    #expect(response("HTTP/1.1 200 OK\r\n\(lines)\r\n\r\n").status == 502)
  }

  @Test(arguments: [
    "\0", "\u{1}", "\u{7}", "\u{8}", "\u{B}", "\u{C}", "\u{E}", "\u{1B}", "\u{1F}", "\u{7F}", "\r", "\n",
  ])
  func `a control character in a value is malformed, wherever it stands`(control: String) {
    for place in [0, 1, 6, 7, 8, 9, 15, 16, 17] {
      let before = String(repeating: "v", count: place)
      #expect(request(get("X-A: \(before)\(control)b")).status == 400)
      #expect(request(get("X-A: \t\(before)\(control)")).status == 400)
      #expect(response("HTTP/1.1 200 OK\r\nX-A: \(before)\(control)b\r\n\r\n").status == 502)
    }
  }

  @Test(arguments: [
    get().replacing("\r\n", with: "\n"), get("X-A: b\nX-B: c"), "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "GET / HTTP/1.1\nHost: a\r\n\r\n", get().replacing("\r\n", with: "\r"), get().replacing("\r\n", with: "\r\r\n"),
    "GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX:\n\nGET /b HTTP/1.1\r\nHost: b\r\n\r\n",
  ])
  func `a line that does not end with CR LF is malformed`(text: String) {
    #expect(request(text).status == 400)
  }

  @Test func `as many fields as the limit pass and one more is answered with 431`() {
    let limits = HeadLimits(headBytes: 4_096, fields: 10, targetBytes: 100)
    let nine = (0..<9).map { "X-\($0): v\r\n" }.joined()
    #expect(request("GET / HTTP/1.1\r\nHost: a\r\n\(nine)\r\n", limits: limits).head?.fields.count == 10)
    #expect(request("GET / HTTP/1.1\r\nHost: a\r\n\(nine)Y:\r\n\r\n", limits: limits).status == 431)
    #expect(response("HTTP/1.1 200 OK\r\n\(nine)X: y\r\nY:\r\n\r\n", limits: limits).status == 502)
  }

  @Test func `a head as large as the limit passes and a larger one is answered with 431`() {
    let limits = HeadLimits(headBytes: 200, fields: 10, targetBytes: 100)
    let empty = get("X-A: ")
    let largest = get("X-A: " + String(repeating: "v", count: 200 - empty.utf8.count))
    #expect(request(largest + "body", limits: limits).head?.byteCount == 200)
    #expect(request(largest.replacing("vv", with: "vvv", maxReplacements: 1), limits: limits).status == 431)
    #expect(request(get("X-A: ").dropLast(2) + String(repeating: "X", count: 500), limits: limits).status == 431)
  }

  @Test func `the default limits bear what clients send and no more`() {
    let value = String(repeating: "v", count: 7_000)
    #expect(request(get("X-A: \(value)")).head?["X-A"] == value)
    #expect(request(get("X-A: " + String(repeating: "v", count: 100_000))).status == 431)
    #expect(request(get(String(repeating: "X", count: 100_000) + ": v")).status == 431)
    let many = (0..<5_000).map { "X-\($0): v\r\n" }.joined()
    #expect(request("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n").status == 431)
    #expect(request("GET /?" + String(repeating: "a", count: 7_900) + " HTTP/1.1\r\nHost: a\r\n\r\n").head != nil)
    #expect(request("GET /?" + String(repeating: "a", count: 65_536) + " HTTP/1.1\r\nHost: a\r\n\r\n").status == 414)
  }
}

private func recognise(_ name: [UInt8]) -> KnownField { KnownField(name: name.span) }

extension KnownField {
  /// The name as a test can compare and change it.
  fileprivate var text: String { name.description }
}

extension String {
  /// "content-length" as "Content-Length".
  fileprivate var capitalized: String {
    split(separator: "-", omittingEmptySubsequences: false)
      .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
  }
}
