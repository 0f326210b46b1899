import Testing

@testable import Server

struct SpellingTests {
  @Test(arguments: [("sleepEndpoints", "sleep_endpoints"), ("model_path", "model_path"), ("X", "x"), ("", "")])
  func `camel case is read as snake case`(key: String, expected: String) {
    #expect(Spelling.snakeCase(key) == expected)
  }

  @Test(
    arguments: [
      ("swtich", "switch"), ("stat", "status"), ("pni", "pin"), ("mod", "mode"), ("stubengine", "stub-engine"),
      ("stub", "stub-engine"),
      ("xyz", nil), ("", nil), ("elephant", nil),
    ] as [(String, String?)])
  func `a slip is recognised, another word is not`(word: String, expected: String?) {
    #expect(Spelling.nearest(to: word, among: Verb.allCases.map(\.rawValue)) == expected)
  }

  @Test(arguments: [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
  func `alternatives are listed as a sentence does`(words: [String], expected: String) {
    #expect(Spelling.alternatives(words) == expected)
  }
}
