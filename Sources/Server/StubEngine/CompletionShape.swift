internal import Foundation

/// The JSON of one completion's answer, whole or in pieces (OpenAI API reference, Chat Completions and Completions).
struct CompletionShape {
  private let kind: CompletionKind
  private let id: String
  private let createdSeconds: Int
  private let model: String

  init(_ kind: CompletionKind, model: String) {
    self.kind = kind
    self.model = model
    id = (kind == .chat ? "chatcmpl-" : "cmpl-") + UUID().uuidString.lowercased()
    createdSeconds = Int(Date.now.timeIntervalSince1970)
  }

  /// The answer in one piece.
  func whole(_ text: String, finishReason: String, usage: Usage) -> JSONValue {
    let content: JSONValue.Member =
      switch kind {
      case .chat: .init("message", ["role": "assistant", "content": .string(text)])
      case .text: .init("text", .string(text))
      }
    return envelope(isChunk: false, [choice(content, finishReason)], usage: usage)
  }

  /// The piece of a chat's stream that comes before the first token; a text's stream has none.
  var opening: JSONValue? {
    guard kind == .chat else { return nil }
    return envelope(isChunk: true, [choice(.init("delta", ["role": "assistant", "content": ""]), nil)])
  }

  func token(_ text: String) -> JSONValue {
    let content: JSONValue.Member =
      switch kind {
      case .chat: .init("delta", ["content": .string(text)])
      case .text: .init("text", .string(text))
      }
    return envelope(isChunk: true, [choice(content, nil)])
  }

  func ending(finishReason: String) -> JSONValue {
    let content = kind == .chat ? JSONValue.Member("delta", [:]) : .init("text", "")
    return envelope(isChunk: true, [choice(content, finishReason)])
  }

  func usage(_ usage: Usage) -> JSONValue { envelope(isChunk: true, [], usage: usage) }

  private func choice(_ content: JSONValue.Member, _ finishReason: String?) -> JSONValue {
    .object([
      .init("index", 0), content, .init("logprobs", nil),
      .init("finish_reason", finishReason.map(JSONValue.string) ?? .null),
    ])
  }

  private func envelope(isChunk: Bool, _ choices: [JSONValue], usage: Usage? = nil) -> JSONValue {
    let object =
      switch kind {
      case .chat: isChunk ? "chat.completion.chunk" : "chat.completion"
      case .text: "text_completion"
      }
    var members: [JSONValue.Member] = [
      .init("id", .string(id)), .init("object", .string(object)), .init("created", .number(createdSeconds)),
      .init("model", .string(model)), .init("choices", .array(choices)),
    ]
    if let usage { members.append(.init("usage", usage.json)) }
    return .object(members)
  }
}

/// What a request is said to have used.
struct Usage: Hashable, Sendable {
  let promptTokens: Int
  var completionTokens = 0

  /// Takes four bytes of a request for a token.
  init(requestBytes: Int) { promptTokens = max(requestBytes / 4, 1) }

  var json: JSONValue {
    [
      "prompt_tokens": .number(promptTokens), "completion_tokens": .number(completionTokens),
      "total_tokens": .number(promptTokens + completionTokens),
    ]
  }
}
