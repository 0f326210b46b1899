import Foundation
import TestSupport
import Testing

@testable import Server

struct JSONScannerTests {
  @Test(arguments: [
    "{}", "[]", " [ ] ", "\t{\r\n}\n", "null", "true", "false", "0", "-0", "12", "-1.5", "1e9", "1E+9", "0.25e-7",
    "\"\"",
    #"{"a":1,"b":[true,false,null,{"c":""}]}"#, #"["\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"]"#, #""\ud800""#,
    "\"häßlich 日本語 😀 \u{7F}\"", "\u{FEFF}{}", #"{"a":1,"a":2}"#, #"{"":0}"#,
    String(repeating: "[", count: 512) + String(repeating: "]", count: 512),
  ])
  func `a JSON text is accepted`(text: String) {
    #expect(verdict(Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    ("", 0, "found the end of the text, expected a value"),
    ("  ", 2, "found the end of the text, expected a value"),
    ("{", 1, "found the end of the text, expected a key in double quotes"),
    ("{a:1}", 1, #"found "a", expected a key in double quotes"#),
    (#"{"a" 1}"#, 5, #"found "1", expected a colon"#),
    (#"{"a":1,}"#, 7, #"found "}", expected a key in double quotes"#),
    (#"{"a":1 "b":2}"#, 7, #"found """, expected a comma or a closing brace"#),
    ("[1,]", 3, #"found "]", expected a value"#),
    ("[1 2]", 3, #"found "2", expected a comma or a closing bracket"#),
    ("[1", 2, "found the end of the text, expected a comma or a closing bracket"),
    ("1 2", 2, #"found "2", expected nothing behind the value"#),
    ("01", 1, #"found "1", expected nothing behind the value"#),
    ("-", 1, "found the end of the text, expected a digit"),
    ("1.", 2, "found the end of the text, expected a digit"),
    ("1.e5", 2, #"found "e", expected a digit"#),
    ("1e", 2, "found the end of the text, expected a digit"),
    ("+1", 0, #"found "+", expected a value"#),
    (".5", 0, #"found ".", expected a value"#),
    ("NaN", 0, #"found "N", expected a value"#),
    ("nul", 0, #"found "n", expected a value"#),
    ("truE", 0, #"found "t", expected a value"#),
    ("'a'", 0, #"found "'", expected a value"#),
    (#""abc"#, 4, "found the end of the text, expected a closing quote"),
    (#""\"#, 2, "found the end of the text, expected an escape sequence"),
    (#""\x""#, 2, #"found "x", expected an escape sequence"#),
    (#""\u12G4""#, 5, #"found "G", expected a hexadecimal digit"#),
    (#""\u12"#, 5, "found the end of the text, expected a hexadecimal digit"),
    ("\"a\nb\"", 2, "found byte 0xA, expected no control byte inside a string"),
    ("\"0123456789abcdef\u{1}\"", 17, "found byte 0x1, expected no control byte inside a string"),
    ("{}\0", 2, "found byte 0x0, expected nothing behind the value"),
    ("// no\n{}", 0, #"found "/", expected a value"#),
  ])
  func `what is no JSON text is told apart at its first wrong byte`(text: String, offset: Int, message: String) {
    let fault = verdict(Array(text.utf8))
    #expect(fault?.offset == offset)
    #expect(fault?.description == message)
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
      [0xEF, 0xBF, 0x41], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
    #expect(verdict([0x22] + bytes + [0x22])?.offset == 1)
    #expect(verdict([0x22] + bytes)?.offset == 1)
  }

  @Test func `nesting is bounded`() {
    let deep = String(repeating: "[", count: 513) + String(repeating: "]", count: 513)
    #expect(verdict(Array(deep.utf8))?.offset == 512)
    #expect(verdict(Array(String(repeating: #"{"a":"#, count: 100_000).utf8))?.offset == 512 * 5)
  }

  @Test func `depth counts what is open, not what has been`() {
    let wide = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
    #expect(verdict(Array(wide.utf8)) == nil)
  }

  @Test(.computing) func `random mutations get the verdict that Foundation gives`() {
    let seeds = [
      #"{"model":"qwen-14b","messages":[{"role":"user","content":"Grüße, \"Welt\" \u00e9\n"}],"stream":true}"#,
      #"[0, -1.5e3, 1E2, true, false, null, "日本語 and a longer run of plain text", {"a": {"b": [[], {}]}}]"#,
      #"  {"k":"\\","":[1,2,3],"x":-0.0}  "#,
    ]
    let alphabet = Array("{}[]\",:\\ntf0-1.eE+u \n\u{1}a/é".utf8)
    var random = SplitMix64(seed: 7)
    var verdicts = [true: 0, false: 0]
    for round in 0..<30_000 {
      var bytes = Array(seeds[round % seeds.count].utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.remove(at: index)
        case 1: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &random)], at: index)
        case 2: bytes[index] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        default: bytes[index] = UInt8.random(in: 0...255, using: &random)
        }
      }
      guard let expected = foundationAccepts(bytes) else { continue }
      let accepted = verdict(bytes) == nil
      verdicts[accepted, default: 0] += 1
      #expect(accepted == expected, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(verdicts[true, default: 0] > 3000)
    #expect(verdicts[false, default: 0] > 3000)
  }

  private func verdict(_ bytes: [UInt8]) -> JSONFault? {
    let text = bytes.span
    var scanner = JSONScanner(text)
    do throws(JSONFault) {
      try scanner.skipValue(in: text)
      try scanner.end(in: text)
      return nil
    } catch {
      return error
    }
  }

  /// Nil where Foundation takes more than RFC 8259 allows or less: UTF-16 and UTF-32, a comma behind the last element, half
  /// a surrogate pair, huge numbers.
  private func foundationAccepts(_ bytes: [UInt8]) -> Bool? {
    guard !bytes.prefix(4).contains(0), bytes.first != 0xFE, bytes.first != 0xFF else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard !text.contains(#/,[ \t\r\n]*[\]}]/#) else { return nil }
    guard !text.contains(#/\\u[dD][89a-fA-F]/#), !text.contains(#/[eE][+]?[0-9]{3}/#) else { return nil }
    return (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }
}

/// A small generator whose numbers depend on its seed alone (Steele, Lea and Flood, 2014).
private struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
