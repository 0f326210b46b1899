import TestSupport
import Testing

@testable import HTTP

struct ChunkedDecoderTests {
  private struct Decoded: Equatable {
    var payload: [UInt8] = []
    var consumed = 0
    var isFinished = false
    var fault: WireFault?
  }

  /// Decodes bytes that come in pieces of these sizes, the last for all that is left.
  private func decode(_ bytes: [UInt8], sizes: [Int], limit: Int) -> Decoded {
    var decoder = ChunkedDecoder(payloadLimit: limit)
    var decoded = Decoded()
    var rest = bytes[...]
    var sizes = sizes[...]
    while !rest.isEmpty, !decoder.isFinished {
      // Two bytes stand before the region and one behind it, so that a slip past its ends would show.
      let piece = Array(rest.prefix(sizes.popFirst() ?? bytes.count))
      var buffer = [1, 2] + piece + [3]
      do throws(WireFault) {
        var span = buffer.mutableSpan
        let (consumed, payload) = try decoder.decode(&span, in: 2..<2 + piece.count)
        decoded.consumed += consumed
        rest = rest.dropFirst(consumed)
        decoded.payload += buffer[2..<2 + payload]
        #expect(buffer.prefix(2) == [1, 2] && buffer.last == 3)
        #expect(Array(buffer[(2 + consumed)...]) == piece[consumed...] + [3])
        #expect(consumed == piece.count || decoder.isFinished)
      } catch {
        return Decoded(fault: error)
      }
    }
    decoded.isFinished = decoder.isFinished
    return decoded
  }

  /// Decodes in one piece, and expects the same of two pieces cut anywhere and of single bytes.
  private func decode(_ text: String, limit: Int = .max, sourceLocation: SourceLocation = #_sourceLocation) -> Decoded {
    let bytes = latin1(text)
    let whole = decode(bytes, sizes: [bytes.count], limit: limit)
    let ways = (1..<max(2, min(bytes.count, 300))).map { [$0] } + [Array(repeating: 1, count: bytes.count)]
    for sizes in ways {
      #expect(decode(bytes, sizes: sizes, limit: limit) == whole, sourceLocation: sourceLocation)
    }
    return whole
  }

  @Test(arguments: [
    ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("0005\r\nhello\r\n000\r\n\r\n", "hello"), ("0\r\n\r\n", ""),
    ("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", "abcdef"), ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
    ("1b\r\n0123456789abcdef0123456789a\r\n0\r\n\r\n", "0123456789abcdef0123456789a"),
    ("0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
  ])
  func `the payload is what the chunks hold`(text: String, payload: String) {
    let decoded = decode(text)
    #expect(decoded.payload == latin1(payload))
    #expect(decoded.isFinished)
    #expect(decoded.consumed == text.utf8.count)
  }

  @Test(arguments: [
    "5;a", "5;a=b", "5;a=\"b;c\"", "5 ; a = b", "5;a;b=c;d=\"\"", "5\t;\ta", "5;a=\"\\\"\\\\ \t\u{E9}\"", "5;a ;b",
    "5;a=b ;c", "5;a=\"x\" ;c", "5;a =b",
  ])
  func `extensions are dropped`(line: String) {
    #expect(decode("\(line)\r\nhello\r\n0;z\r\n\r\n").payload == latin1("hello"))
  }

  @Test(arguments: [
    "X-T: 1\r\n", "X-T:\r\nContent-Length: 50\r\n", "Transfer-Encoding: chunked\r\n", "!#$: \t\u{E9} \r\n",
  ])
  func `trailers are dropped`(lines: String) {
    let decoded = decode("5\r\nhello\r\n0\r\n\(lines)\r\n")
    #expect(decoded.payload == latin1("hello"))
    #expect(decoded.isFinished)
  }

  @Test(arguments: [
    "0x5", "+5", "-5", "0_5", " 5", "\t5", "5g", "g", "", "5,5", "0 5", "5\0", "5.0", "5\r", "5;a\rb", "\u{B2}",
    "\u{EF}\u{BC}\u{95}", "5 ", "5\t", "5\n", "5\nX", "5;a\nb", "5;\n", "5;", "5;;a", "5; ", "5;a=", "5;a=;b",
    "5;a= ", "5;a=\"b", "5;a=\"b\"c", "5;a ", "5;a=b ", "5;a b", "5;a=b=c", "5;=b", "5;a=\"\0\"", "5;a=\"\\\0\"",
    "5;a=\"b\rc\"", "5 a", "5;(", "\r\n5", "8000000000000000", "ffffffffffffffff", "10000000000000000",
    "10000000000000005", "00000000000000005",
  ])
  func `a size line of any other form is malformed`(line: String) {
    #expect(decode("\(line)\r\nhello\r\n0\r\n\r\n").fault?.status == 400)
  }

  @Test(arguments: ["\n", "\rX", "XX", "\r\r\n", "world\r\n", "", "\0\r\n", "0\r\n"])
  func `a chunk that does not end where its size says is malformed`(end: String) {
    #expect(decode("5\r\nhello\(end)0\r\n\r\n").fault?.status == 400)
  }

  @Test(arguments: [
    "0\n\r\n", "0\r\n\n", "0\r\n\rX", "0\r\nbad trailer\r\n\r\n", "0\r\nX: a\0b\r\n\r\n", "0\r\nX: a\n\r\n",
    "0\r\nX: a\rb\r\n\r\n", "0\r\n: a\r\n\r\n", "0\r\n X: a\r\n\r\n", "0\r\nX: a\r\n b\r\n\r\n", "0\r\nX : a\r\n\r\n",
    "0\r\nX\r\n\r\n", "0\r\nX: \u{7F}\r\n\r\n", "0\r\n0\r\n\r\n0\r\n",
  ])
  func `an end of any other form is malformed`(end: String) {
    #expect(decode("5\r\nhello\r\n\(end)").fault?.status == 400)
  }

  @Test(arguments: [
    "", "5", "5\r", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "0\r\nX: a\r\n\r",
  ])
  func `a body that has not ended is waited upon`(text: String) {
    let decoded = decode(text)
    #expect(!decoded.isFinished)
    #expect(decoded.fault == nil)
    #expect(decoded.consumed == text.utf8.count)
  }

  @Test func `what follows the body is left as it is`() {
    let decoded = decode("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n")
    #expect(decoded.payload == latin1("hello"))
    #expect(decoded.consumed == 15)
  }

  @Test func `a body as long as the limit passes and a longer one is refused when it is announced`() {
    #expect(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", limit: 5).payload == latin1("abcde"))
    #expect(decode("6\r\n", limit: 5).fault?.status == 413)
    #expect(decode("3\r\nabc\r\n3\r\n", limit: 5).fault?.status == 413)
    #expect(decode("7fffffffffffffff\r\n", limit: 5).fault?.status == 413)
    #expect(decode("0\r\n\r\n", limit: 0).isFinished)
  }

  @Test func `sizes that add up to more than a number holds are refused`() {
    #expect(decode("7fffffffffffffff\r\nhello").payload == latin1("hello"))
    #expect(decode("1\r\na\r\n7fffffffffffffff\r\n").fault?.status == 413)
  }

  @Test(.computing) func `extensions and trailers are bounded over the whole body`() {
    let chunk = "1;" + String(repeating: "e", count: 100) + "\r\nx\r\n"
    #expect(decode(String(repeating: chunk, count: 100) + "0\r\n\r\n").payload.count == 100)
    #expect(decode(String(repeating: chunk, count: 200) + "0\r\n\r\n").fault?.status == 400)
    #expect(decode("5;" + String(repeating: "a", count: 20_000)).fault?.status == 400)
    #expect(decode("0\r\nX: " + String(repeating: "a", count: 20_000)).fault?.status == 400)
    #expect(decode(String(repeating: "0", count: 2_000) + "5\r\nhello\r\n0\r\n\r\n").fault?.status == 400)
  }

  @Test func `many small chunks are no fault`() {
    let text = String(repeating: "1\r\nx\r\n", count: 10_000) + "0\r\n\r\n"
    let decoded = decode(latin1(text), sizes: [text.utf8.count], limit: 10_000)
    #expect(decoded.payload.count == 10_000)
    #expect(decoded.isFinished)
  }

  @Test(.computing, arguments: 0..<8)
  func `mutated bodies are read in one way or refused`(seed: UInt64) {
    var random = SeededGenerator(state: seed)
    let chunks = "5;a=\"b\";c=d\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n"
    let sample = latin1(chunks + "0 ;x\r\nX-T: 1\r\nY: 2\r\n\r\nGET / H")
    for _ in 0..<400 {
      let bytes = mutate(sample, using: &random)
      let whole = decode(bytes, sizes: [bytes.count], limit: 1_000)
      #expect(decode(bytes, sizes: Array(repeating: 1, count: bytes.count), limit: 1_000) == whole)
      #expect(whole.payload.count <= whole.consumed)
    }
  }
}
