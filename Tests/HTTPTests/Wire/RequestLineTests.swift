import Testing

@testable import HTTP

struct RequestLineTests {
  @Test func `a request's parts are told apart`() throws {
    let text = "POST /v1/chat/completions?a=1?b HTTP/1.1\r\nHost: localhost:3000\r\nX-Model:  m \r\n\r\n"
    let head = try #require(request(text + "body").head)
    #expect(head.method == .post)
    #expect(head.target == "/v1/chat/completions?a=1?b")
    #expect(head.path == "/v1/chat/completions")
    #expect(head.query == "a=1?b")
    #expect(head.authority == "localhost:3000")
    #expect(head.minorVersion == 1)
    #expect(head.fields.map(\.known) == [.host, .xModel])
    #expect(head["X-Model"] == "m")
    #expect(head.framing == .none)
    #expect(head.byteCount == text.utf8.count)
  }

  @Test(arguments: HTTPMethod.allCases)
  func `every supported method is recognised`(method: HTTPMethod) {
    #expect(request("\(method.name) / HTTP/1.1\r\nHost: a\r\n\r\n").head?.method == method)
  }

  @Test(arguments: ["get", "BREW", "TRACE", "CONNECT", "PRI", "GE", "GETS", "OPTIONSX", "POSTPOSTPOST", "HEAT"])
  func `a method that is not supported is answered with 501`(method: String) {
    #expect(request("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n").status == 501)
  }

  @Test(arguments: [
    "GE(T", "G\0T", "G\u{C9}T", "GET:", "\"GET\"", " GET", "\tGET", "", "\r\n\r\nGET", "\r GET", "\nGET",
  ])
  func `a method that is no token is malformed`(method: String) {
    #expect(request("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test func `one empty line before a request is overlooked`() throws {
    let head = try #require(request("\r\n" + get()).head)
    #expect(head.target == "/")
    #expect(head.byteCount == get().utf8.count + 2)
    #expect(head["Host"] == "localhost")
  }

  @Test(arguments: [
    "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", "GET\u{B}/ HTTP/1.1",
    "GET\r/ HTTP/1.1", "GET / HTTP/1.1 ", "GET  HTTP/1.1", "GET HTTP/1.1", "GET ", "GET /", "GET / ",
    "GET / / HTTP/1.1", "GET /\r HTTP/1.1",
  ])
  func `anything but two single spaces in a request line is malformed`(line: String) {
    #expect(request("\(line)\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test(arguments: [
    "HTTP/1.1.1", "HTTP/11", "HTTP/1", "http/1.1", "HTTP/1.10", "HTTP/01.1", "HTTPS/1.1", "XHTTP/1.1", "HTTP/ 1.1",
    "HTTP/1,1", "HTTP/4294967297.1", "HTTP/-1.1", "HTTP/\r1.1", "HTTP/1.x", "HTTP/x.1", "FTP/1.1", "HTTP-1.1",
  ])
  func `a version that is none is malformed`(version: String) {
    #expect(request("GET / \(version)\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test(arguments: ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.7", "HTTP/9.9"])
  func `a version other than 1.0 and 1.1 is answered with 505`(version: String) {
    #expect(request("GET / \(version)\r\nHost: a\r\n\r\n").status == 505)
  }

  @Test(
    arguments: [
      ("/", "/", nil), ("/?", "/", ""), ("/a%20b/%2e%2E?x=y&z[]=%", "/a%20b/%2e%2E", "x=y&z[]=%"),
      ("//a/../b", "//a/../b", nil), ("/a^`{|}~!$&'()*+,;=:@", "/a^`{|}~!$&'()*+,;=:@", nil),
      ("http://localhost", "", nil), ("HTTP://localhost:80/a?b", "/a", "b"), ("https://[::1]:1?b", "", "b"),
    ] as [(String, String, String?)])
  func `a target is split into path and query`(target: String, path: String, query: String?) {
    let head = request("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n").head
    #expect(head?.target == target)
    #expect(head?.path == path)
    #expect(head?.query == query)
  }

  @Test(arguments: [
    "a\0b", "a\u{1}b", "a\u{7F}b", "a\rb", "a\nb", "a\tb", "caf\u{C3}\u{A9}", "#x", "a\\b", "a\"b", "a<b", "a>b",
    "?a#b",
  ])
  func `a character that no target may hold is malformed`(rest: String) {
    #expect(request("GET /\(rest) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test(arguments: [
    "foo", "localhost:80", "*", "**", "\\a", "ftp://localhost/", "http:/", "http://", "http:///a",
    "http://u@localhost/", "http://u:p@localhost/", "http://a b/", "http://[::1/", "https://:80/", "?a", "httpx://a/",
    "http://a#b",
  ])
  func `a target of another form is malformed`(target: String) {
    #expect(request("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test(arguments: [0, 7, 20, 35])
  func `every byte is judged alike wherever it stands in a target`(place: Int) {
    for byte in UInt8.min...UInt8.max {
      let target = latin1("/") + [UInt8](repeating: UInt8(ascii: "a"), count: place) + [byte]
      let bytes = latin1("GET ") + target + latin1(" HTTP/1.1\r\nHost: a\r\n\r\n")
      let mayStand = ByteClass.target.contains(byte) || byte == UInt8(ascii: "?")
      #expect((parseRequest(bytes, endingAt: [bytes.count]).head != nil) == mayStand, "byte \(byte)")
    }
  }

  @Test func `only OPTIONS may ask of the server as a whole`() {
    let head = request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").head
    #expect(head?.path == "*")
    #expect(head?.authority == "a")
    #expect(request("OPTIONS *? HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
  }

  @Test func `an absolute target's authority goes before Host`() {
    #expect(request("GET http://b:1/x HTTP/1.1\r\nHost: a\r\n\r\n").head?.authority == "b:1")
    #expect(request("GET http://b:1/x HTTP/1.1\r\n\r\n").status == 400)
    #expect(request("GET http://b:1/x HTTP/1.0\r\n\r\n").head?.authority == "b:1")
  }

  @Test func `a target as long as the limit passes and a longer one is answered with 414`() {
    let limits = HeadLimits(headBytes: 1_000, fields: 8, targetBytes: 100)
    let longest = "/" + String(repeating: "a", count: 99)
    #expect(request("GET \(longest) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).head?.target == longest)
    #expect(request("GET \(longest)a HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits).status == 414)
    #expect(request("GET " + String(repeating: "a", count: 999), limits: limits).status == 414)
    #expect(request("GET \(longest)aaaaaaaaaaaaaaaaaaaaaaa\n", limits: limits).status == 414)
  }

  @Test(arguments: [
    "\u{16}\u{3}\u{1}", "\0", "\u{1}", "{", "\u{80}", "\r\n\r", "GET /\n", "GET /a\0", "A\n", "BREWBREW",
  ])
  func `junk is refused without waiting for more`(start: String) {
    #expect(request(start).status != nil)
  }

  @Test(arguments: [
    "", "\r", "\r\n", "G", "GET", "GET ", "GET /", "GET / HTTP/1.1", "GET / HTTP/1.1\r",
    "GET / HTTP/1.1\r\nHost: a\r\n\r",
  ])
  func `a beginning is waited upon`(start: String) {
    #expect(request(start) == .incomplete)
  }
}
