import HTTP
import Testing

@testable import Server

struct UsageScannerTests {
  /// What is found in a text that comes in pieces of so many bytes.
  private func usage(in text: String, _ form: AnswerForm, pieceBytes: Int = .max) -> TokenUsage? {
    var scanner = UsageScanner()
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = pieceBytes < bytes.count - start ? start + pieceBytes : bytes.count
      scanner.take(bytes.span.extracting(start..<end), form)
      start = end
    }
    scanner.finish()
    return scanner.usage
  }

  private static let whole: [(String, TokenUsage?)] = [
    (#"{"choices":[],"usage":{"prompt_tokens":12,"total_tokens":19,"completion_tokens":7}}"#, .init(12, 7)),
    ("{\"choices\": [],\n  \"usage\" : {\n \"prompt_tokens\" : 12, \"completion_tokens\" : 7 }\n}\n", .init(12, 7)),
    (#"{"usage":{"input_tokens":3,"output_tokens":4},"content":[{"text":"}]"}]}"#, .init(3, 4)),
    (#"{"data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}"#, .init(5, 0)),
    (
      #"{"usage":{"prompt_tokens":1,"completion_tokens_details":{"reasoning_tokens":9},"completion_tokens":2}}"#,
      .init(1, 2)
    ),
    (#"{"choices":[{"message":{"content":"\"usage\":{\"prompt_tokens\":99}"}}]}"#, nil),
    (#"{"text":"say \"usage\": {","usage":{"prompt_tokens":1,"completion_tokens":1}}"#, .init(1, 1)),
    (#"{"word":"usage","usage":{"prompt_tokens":2,"completion_tokens":1}}"#, .init(2, 1)),
    (
      #"{"content":[{"input":{"usage":{"input_tokens":666}}}],"usage":{"input_tokens":2,"output_tokens":1}}"#,
      .init(2, 1)
    ),
    (
      #"{"usage":{"input_tokens":2,"output_tokens":1},"content":[{"input":{"usage":{"input_tokens":666}}}]}"#,
      .init(2, 1)
    ),
    (#"{"content":[{"input":{"usage":{"input_tokens":666}}}]}"#, nil),
    (#"{"usage":null,"choices":[]}"#, nil),
    (#"{"usage":{"prompt_tokens":-4,"completion_tokens":1.5}}"#, .init(0, 0)),
    (#"{"usage":{"prompt_tokens":99999999999999999999,"completion_tokens":1}}"#, .init(0, 1)),
    (#"{"usage":{"prompt_tokens":1"#, nil),
    (#"{"us"#, nil),
    ("", nil),
  ]

  @Test(arguments: whole)
  func `a whole answer tells its usage at its top level, wherever the pieces are cut`(
    _ text: String, _ expected: TokenUsage?
  ) {
    for size in [1, 2, 3, 5, 7, 16, .max] {
      #expect(usage(in: text, .json, pieceBytes: size) == expected, "in pieces of \(size)")
    }
  }

  private static let streams: [(String, TokenUsage?)] = [
    (
      """
      data: {"choices":[{"delta":{"content":"a"}}],"usage":null}

      data: {"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}

      data: [DONE]


      """, .init(8, 2)
    ),
    (
      """
      data: {"choices":[{}],"usage":{"prompt_tokens":8,"completion_tokens":1}}

      data: {"choices":[{}],"usage":{"prompt_tokens":8,"completion_tokens":2}}


      """, .init(8, 2)
    ),
    (
      """
      event: message_start
      data: {"type":"message_start","message":{"id":"x","usage":{"input_tokens":25,"output_tokens":1},"role":"assistant"}}

      event: message_delta
      data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}


      """, .init(25, 15)
    ),
    (
      """
      event: response.completed
      data: {"type":"response.completed","response":{"output":[],"usage":{"input_tokens":3,"output_tokens":4}}}


      """, .init(3, 4)
    ),
    ("data: {\"delta\":{\"a\":{\"b\":{\"usage\":{\"input_tokens\":666}}}}}\n\ndata: [DONE]\n\n", nil),
    ("data: {\"choices\":[{\"delta\":{\"content\":\"no\"}}]}\n\ndata: [DONE]\n\n", nil),
  ]

  @Test(arguments: streams)
  func `of a stream the last events count, wherever the pieces are cut`(_ text: String, _ expected: TokenUsage?) {
    for size in [1, 2, 3, 5, 7, 16, .max] {
      #expect(usage(in: text, .eventStream, pieceBytes: size) == expected, "in pieces of \(size)")
    }
  }

  @Test func `an object that is too long to be a usage is passed over`() {
    let padding = String(repeating: " ", count: 5_000)
    let text = #"{"usage":{"prompt_tokens":1\#(padding)},"usage":{"prompt_tokens":2}}"#
    #expect(usage(in: text, .json) == .init(2, 0))
  }
}

extension TokenUsage {
  fileprivate init(_ prompt: Int, _ completion: Int) { self.init(prompt: prompt, completion: completion) }
}
