import Testing

@testable import HTTP

struct HostTests {
  @Test(arguments: [
    "localhost", "localhost:3000", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535",
    "[fe80::1.2.3.4]:80", "a.b-c_d~e", "a%20b", "localhost:", "[::1]:", "localhost:0080",
  ])
  func `a host with or without a port is the authority`(host: String) {
    #expect(request(get(host: "Host: \(host)")).head?.authority == host)
  }

  @Test(arguments: [
    "", "a b", "a/b", "u@localhost", "a, b", "localhost:http", "localhost:65536", "localhost:999999999999999999999",
    "[::1", "::1", "[::1]80", "[]", "[::1%25lo]", "[g::1]", "\"a\"", "a\\b", "a#b", "a?b", "a:1:2", ":80", "a:-1",
    "a:+1", "a\u{E9}", "http://a",
  ])
  func `anything else is malformed`(host: String) {
    #expect(request(get(host: "Host: \(host)")).status == 400)
  }

  @Test func `HTTP/1.1 wants exactly one Host`() {
    #expect(request(get(host: nil)).status == 400)
    #expect(request(get("Host: other")).status == 400)
    #expect(request(get("hOsT: localhost")).status == 400)
  }

  @Test func `HTTP/1.0 takes none or one`() {
    #expect(request("GET / HTTP/1.0\r\n\r\n").head?.authority == "")
    #expect(request("GET / HTTP/1.0\r\nHost: a\r\n\r\n").head?.authority == "a")
    #expect(request("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").status == 400)
  }
}
