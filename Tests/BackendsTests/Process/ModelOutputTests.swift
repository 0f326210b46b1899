import Testing

@testable import Backends

struct ModelOutputTests {
  @Test func `the last lines are to be had, as many as are asked for`() {
    let output = ModelOutput()
    output.append(["one", "two"])
    output.append(["three"])
    #expect(output.last(2) == ModelOutput.Piece(lines: ["two", "three"], missed: 0, end: 3))
    #expect(output.last(100).lines == ["one", "two", "three"])
  }

  @Test(arguments: [(0, ["one", "two", "three"]), (2, ["three"]), (3, []), (4, ["one", "two", "three"])])
  func `a reader goes on from his place, or begins anew at one that never was`(place: Int, lines: [String]) {
    let output = ModelOutput()
    output.append(["one", "two", "three"])
    #expect(output.lines(after: place) == ModelOutput.Piece(lines: lines, missed: 0, end: 3))
  }

  @Test func `what is kept is bounded, and a reader who is too slow is told how many lines are gone`() {
    let output = ModelOutput(byteLimit: 10_000)
    for number in 1...10_000 { output.append(["line \(number)"]) }
    let kept = output.last(.max).lines
    #expect(kept.count > 200)
    #expect(kept.map { $0.utf8.count }.reduce(0, +) < 10_000)
    #expect(kept.last == "line 10000")
    let piece = output.lines(after: 1)
    #expect(piece.lines == kept)
    #expect(piece.missed == 10_000 - 1 - kept.count)
  }

  @Test func `a line that is larger than all that is kept is still there`() {
    let output = ModelOutput(byteLimit: 10)
    output.append(["short", String(repeating: "x", count: 100)])
    #expect(output.last(10).lines == [String(repeating: "x", count: 100)])
  }

  @Test func `everyone who waits gets to know of the next line`() async {
    let output = ModelOutput()
    async let first = output.waitForLine(after: 0)
    async let second = output.waitForLine(after: 0)
    output.append(["news"])
    #expect(await (first, second) == (true, true))
    #expect(await output.waitForLine(after: 0))
  }

  @Test func `nobody waits for a daemon that ends, or with a task that was cancelled`() async {
    let output = ModelOutput()
    let cancelled = Task { await output.waitForLine(after: 0) }
    cancelled.cancel()
    #expect(await !cancelled.value)
    async let waiter = output.waitForLine(after: 0)
    output.append(["last words"])
    output.close()
    #expect(await waiter)
    #expect(await !output.waitForLine(after: 1))
  }
}
