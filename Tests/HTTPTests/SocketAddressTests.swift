import Testing

@testable import HTTP

struct SocketAddressTests {
  @Test(arguments: [
    ("127.0.0.1:3000", "127.0.0.1:3000", true), ("[::1]:0", "[::1]:0", true), (":3000", "0.0.0.0:3000", false),
    ("localhost:80", "127.0.0.1:80", true), ("[::]:65535", "[::]:65535", false), ("10.0.0.1:1", "10.0.0.1:1", false),
  ])
  func `an address with a port is read`(text: String, description: String, isLoopback: Bool) throws {
    let address = try SocketAddress(text)
    #expect(address.description == description)
    #expect(address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", "3000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80", "[::1:80",
    "256.0.0.1:80", "host.example:80", "a b:80", "127.0.0.1:80 ",
  ])
  func `anything else is a fault that names it`(text: String) {
    let fault = #expect(throws: AddressFault.self) { try SocketAddress(text) }
    #expect(fault?.description.hasPrefix("\"\(text)\" is no address: expected HOST:PORT") == true)
  }
}
