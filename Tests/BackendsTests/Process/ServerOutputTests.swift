import Testing

@testable import Backends

struct ServerOutputTests {
  @Test(arguments: [
    ("one\ntwo\n", ["one", "two"]),
    ("one\r\n\ntwo\n", ["one", "", "two"]),
    ("no end", []),
    ("", []),
    ("nul\0 and \u{1B}[31mred\n", ["nul\0 and \u{1B}[31mred"]),
  ])
  func `bytes become lines, however they are split`(text: String, lines: [String]) {
    var whole = ServerOutput()
    #expect(whole.append(Array(text.utf8), from: .stdout) == lines)
    var pieces = ServerOutput()
    #expect(text.utf8.flatMap { pieces.append([$0], from: .stdout) } == lines)
    #expect(pieces.tail == lines)
  }

  @Test func `a last line without its end is a line`() {
    var output = ServerOutput()
    #expect(output.append(Array("cut o".utf8), from: .stdout).isEmpty)
    #expect(output.append(Array("ff".utf8), from: .stdout).isEmpty)
    #expect(output.finish(.stdout) == ["cut off"])
    #expect(output.finish(.stdout).isEmpty)
  }

  @Test func `a line of one stream is not broken by what comes from the other`() {
    var output = ServerOutput()
    #expect(output.append(Array("half".utf8), from: .stdout).isEmpty)
    #expect(output.append(Array("whole\n".utf8), from: .stderr) == ["whole"])
    #expect(output.append(Array(" done\n".utf8), from: .stdout) == ["half done"])
    #expect(output.tail == ["whole", "half done"])
  }

  @Test func `a long line is cut and the next one is whole`() {
    var output = ServerOutput()
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: ServerOutput.lineByteLimit + 1)
    #expect(output.append(bytes, from: .stdout).isEmpty)
    let lines = output.append(Array("yz\nnext\n".utf8), from: .stdout)
    #expect(lines == [String(repeating: "x", count: ServerOutput.lineByteLimit) + "…", "next"])
  }

  @Test func `a line at the limit is not marked as cut`() {
    var output = ServerOutput()
    let text = String(repeating: "x", count: ServerOutput.lineByteLimit)
    #expect(output.append(Array((text + "\n").utf8), from: .stdout) == [text])
  }

  @Test func `only the last lines are kept`() {
    var output = ServerOutput()
    for number in 1...100 { _ = output.append(Array("\(number)\n".utf8), from: .stdout) }
    #expect(output.tail == (81...100).map(String.init))
  }
}
