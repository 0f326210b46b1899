import Testing

@testable import HTTP

struct RequestParserTests {
  @Test func `requests that follow one another are read by one parser into one head`() throws {
    let first = latin1("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y\r\n\r\n")
    let second = latin1("GET http://b/c HTTP/1.0\r\n\r\n")
    let both = first + second
    var parser = RequestParser()
    var head = RequestHead()
    #expect(try parser.parse(both.span, into: &head))
    #expect(head.byteCount == first.count)
    let rest = both.span.extracting(first.count...)
    #expect(try !parser.parse(rest.extracting(first: 20), into: &head))
    #expect(try parser.parse(rest, into: &head))
    let read = ReadRequest(head, in: rest)
    let alone = parseRequest(second, endingAt: [second.count])
    #expect(alone == .whole(read))
  }

  @Test func `a field's value is found by its kind or by its name`() throws {
    let bytes = latin1(get("X-Model: a", "x-model: b", "X-Other: c"))
    var parser = RequestParser()
    var head = RequestHead()
    #expect(try parser.parse(bytes.span, into: &head))
    #expect(head.fields.value(of: .xModel)?.string(in: bytes.span) == "a")
    #expect(head.fields.value(of: .origin) == nil)
    #expect(head.fields.value(named: "x-other", in: bytes.span)?.string(in: bytes.span) == "c")
    #expect(head.fields.value(named: "x-othe", in: bytes.span) == nil)
  }

  /// Whatever the bytes: no trap, the same outcome in pieces, and no head that could be read in two ways.
  @Test(arguments: 0..<8)
  func `mutated requests are read in one way or refused`(seed: UInt64) {
    var random = SeededGenerator(state: seed)
    for _ in 0..<400 {
      let bytes = mutate(Self.samples.randomElement(using: &random) ?? [], using: &random)
      let whole = parseRequest(bytes, endingAt: [bytes.count])
      #expect(parseRequest(bytes, endingAt: 1...max(1, bytes.count)) == whole)
      guard let head = whole.head else { continue }
      let lengths = head.fields.filter { $0.name.lowercased() == "content-length" }
      let encodings = head.fields.filter { $0.name.lowercased() == "transfer-encoding" }
      #expect(lengths.count + encodings.count <= 1)
      #expect(head.fields.filter { $0.name.lowercased() == "host" }.count <= 1)
      #expect(head.fields.allSatisfy { !$0.name.isEmpty && !$0.name.contains { $0.isWhitespace || $0 == ":" } })
      let raw = bytes.prefix(head.byteCount)
      #expect(raw.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A })
      #expect(raw.count { $0 == 0x0D } == raw.count { $0 == 0x0A })
      #expect(raw.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]))
    }
  }

  private static let samples = [
    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST /a?b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close, x\r\nX: y\r\n\r\nhello",
    "GET http://localhost/ HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nUpgrade: h\r\nConnection: upgrade\r\n\r\n",
    "\r\nPOST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ].map(latin1)
}

/// A small generator that repeats itself (splitmix64), so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Changes, drops, inserts, doubles and moves a few bytes, by preference to such as mean something on the wire.
func mutate(_ original: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
  let telling = latin1("\r\n\t :,;\0\u{7F}\u{80}\u{FF}0123456789abcdefx-HTTP/.\"\\#?*")
  var bytes = original
  for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
    let index = Int.random(in: 0..<bytes.count, using: &random)
    let byte = Bool.random(using: &random) ? telling.randomElement(using: &random) : nil
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[index] = byte ?? .random(in: 0...255, using: &random)
    case 1: bytes.remove(at: index)
    case 2: bytes.insert(byte ?? .random(in: 0...255, using: &random), at: index)
    case 3:
      let end = Int.random(in: index...min(bytes.count, index + 40), using: &random)
      bytes.insert(contentsOf: bytes[index..<end], at: index)
    default:
      let end = Int.random(in: index...min(bytes.count, index + 10), using: &random)
      bytes.removeSubrange(index..<end)
    }
  }
  return bytes
}
