import Testing

@testable import HTTP

struct ConnectionTests {
  @Test(
    arguments: [
      ("HTTP/1.1", nil, true), ("HTTP/1.1", "keep-alive", true), ("HTTP/1.1", "close", false),
      ("HTTP/1.1", "CLOSE", false), ("HTTP/1.1", "foo, cLose", false), ("HTTP/1.1", ", ,close,", false),
      ("HTTP/1.1", "keep-alive, close", false), ("HTTP/1.1", "closed", true), ("HTTP/1.1", "\"close\"", true),
      ("HTTP/1.0", nil, false), ("HTTP/1.0", "keep-alive", true), ("HTTP/1.0", "Keep-Alive", true),
      ("HTTP/1.0", "keep-alive, close", false), ("HTTP/1.0", "keep", false),
    ] as [(String, String?, Bool)])
  func `a connection lives on when both version and head let it`(version: String, connection: String?, lives: Bool) {
    let line = connection.map { "Connection: \($0)\r\n" } ?? ""
    #expect(request("GET / \(version)\r\nHost: a\r\n\(line)\r\n").head?.keepAlive == lives)
    #expect(response("\(version) 200 OK\r\nContent-Length: 0\r\n\(line)\r\n").head?.keepAlive == lives)
  }

  @Test func `every Connection line counts`() {
    #expect(request(get("Connection: keep-alive", "Connection: close")).head?.keepAlive == false)
    #expect(request(get("Connection: close", "Connection: keep-alive")).head?.keepAlive == false)
  }

  @Test(arguments: [
    ("Connection: Upgrade\r\nUpgrade: websocket", true), ("Connection: a, upgrade\r\nUpgrade: h2c", true),
    ("Upgrade: websocket", false), ("Connection: Upgrade", false), ("Connection: Upgrade\r\nUpgrade:", false),
  ])
  func `an upgrade is asked for by two fields together`(lines: String, asked: Bool) {
    #expect(request(get(lines)).head?.upgrade == asked)
  }

  @Test func `an HTTP/1.0 client cannot ask for an upgrade`() {
    #expect(request("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n").head?.upgrade == false)
  }

  @Test func `fields of one connection are marked, and those that Connection names`() throws {
    let lines = [
      "Connection: x-foo, keep-alive, close,X-Bar", "X-Foo: 1", "X-Foo2: 1", "Keep-Alive: timeout=5", "TE: trailers",
      "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA==", "Upgrade: h2c", "Trailer: X-T", "x-bAr: 1",
      "Proxy-Authenticate: Basic", "X-Baz: 1", "Content-Length: 1", "Authorization: Bearer t",
    ]
    let head = try #require(request(get(lines.joined(separator: "\r\n"))).head)
    let kept = head.fields.filter { !$0.isHopByHop }.map(\.name)
    #expect(kept == ["Host", "X-Foo2", "X-Baz", "Content-Length", "Authorization"])
  }

  @Test func `a Connection line that names more than any client needs is malformed`() {
    let options = { (count: Int) in (0..<count).map { "x\($0)" }.joined(separator: ",") }
    #expect(request(get("Connection: " + options(64))).head != nil)
    #expect(request(get("Connection: " + options(65))).status == 400)
    #expect(request(get("Connection: " + options(40), "Connection: " + options(40))).status == 400)
  }
}
