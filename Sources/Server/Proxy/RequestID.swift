/// The name of one request in logs, in the answer's `X-Request-Id` and in the model server's log.
enum RequestID {
  static let field = "X-Request-Id"

  private static let digits = Array("0123456789abcdef".utf8)

  /// The client's own, if it is fit to be passed on and logged; else a new one.
  static func valid(_ inbound: String?) -> String {
    if let inbound, isValid(inbound) { return inbound }
    var random = UInt64.random(in: .min ... .max)
    return unsafe String(unsafeUninitializedCapacity: 16) { text in
      for index in 0..<16 {
        unsafe text[index] = digits[Int(random & 15)]
        random >>= 4
      }
      return 16
    }
  }

  private static func isValid(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
          UInt8(ascii: ":"):
          true
        default: false
        }
      }
  }
}
