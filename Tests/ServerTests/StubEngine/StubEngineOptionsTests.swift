import Testing

@testable import Server

@Suite struct StubEngineOptionsTests {
  @Test(arguments: [
    ("start", StubFailure.start), ("sleep", .sleep), ("wake", .wake), ("reload", .reload),
    ("mid-stream", .midStream(afterTokens: 1)), ("mid-stream:0", .midStream(afterTokens: 0)),
    ("mid-stream:12", .midStream(afterTokens: 12)),
  ])
  func `a failure is read from its name`(text: String, failure: StubFailure) {
    #expect(StubFailure(text) == failure)
  }

  @Test(arguments: ["", "Sleep", "mid-stream:", "mid-stream:-1", "mid-stream:two", "start:1"])
  func `what is no failure is not read as one`(text: String) {
    #expect(StubFailure(text) == nil)
  }
}
