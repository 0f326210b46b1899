import TestSupport
import Testing

@testable import HTTP

struct ByteClassTests {
  private static let alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

  @Test(arguments: [
    (ByteClass.token, alphanumerics + "!#$%&'*+-.^_`|~"),
    (ByteClass.target, alphanumerics + "!$%&'()*+,-./:;=@[]^_`{|}~"),
    (ByteClass.hostName, alphanumerics + "-._~%!$&'()*+,;="), (ByteClass.ipv6Address, "0123456789abcdefABCDEF:."),
  ])
  func `a class holds the characters that its grammar names and no other byte`(set: ByteClass, members: String) {
    let members = Set(members.utf8)
    for byte in UInt8.min...UInt8.max {
      #expect(set.contains(byte) == members.contains(byte), "byte \(byte)")
    }
  }

  /// Every byte at every place of texts around the length of a vector.
  @Test(.computing, arguments: 1..<35)
  func `the first control character is found wherever it stands`(count: Int) {
    for filler in [0x20, 0x7E, 0xFF, 0x09] as [UInt8] {
      for place in 0..<count {
        for byte in UInt8.min...UInt8.max {
          var bytes = [UInt8](repeating: filler, count: count)
          bytes[place] = byte
          let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
          let found = bytes.span.firstControl(from: 0)
          #expect(found == (isControl ? place : count))
        }
      }
    }
  }
}
