internal import Foundation

/// The two routes that complete something.
enum CompletionKind: Sendable {
  case chat, text
}

/// The part of a completion request that a stand-in model server obeys; everything else is let pass.
struct CompletionRequest: Decodable {
  private struct Message: Decodable {
    let role: String
  }

  private struct StreamOptions: Decodable {
    let includeUsage: Bool?

    private enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
  }

  private enum CodingKeys: String, CodingKey {
    case model, messages, prompt, stream
    case streamOptions = "stream_options"
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
  }

  private let model: String?
  private let messages: [Message]?
  private let prompt: TextInput?
  private let stream: Bool?
  private let streamOptions: StreamOptions?
  private let maxTokens: Int?
  private let maxCompletionTokens: Int?

  /// Reads and judges a request's body.
  /// - Throws: `EngineFault`, as vLLM would answer.
  init(_ body: Data, kind: CompletionKind, servedBy servedModel: String) throws(EngineFault) {
    self = try decoded(body)
    if let model, model != servedModel { throw .unknownModel(model) }
    switch kind {
    case .chat where messages == nil: throw .badRequest("messages: Field required", parameter: "messages")
    case .text where prompt == nil: throw .badRequest("prompt: Field required", parameter: "prompt")
    default: break
    }
    guard (1...StubAnswer.contextTokens).contains(tokens) else {
      throw .badRequest(
        "max_tokens: found \(tokens), expected 1 to \(StubAnswer.contextTokens)", parameter: "max_tokens")
    }
  }

  /// The length of the answer.
  var tokens: Int { tokenLimit ?? StubAnswer.defaultTokens }
  /// Why an answer ends that nothing disturbs.
  var finishReason: String { tokenLimit == nil ? "stop" : "length" }
  var isStreamed: Bool { stream ?? false }
  /// Whether a stream tells the usage in an event of its own at the end.
  var includesUsage: Bool { streamOptions?.includeUsage ?? false }

  private var tokenLimit: Int? { maxCompletionTokens ?? maxTokens }
}

/// The part of an embeddings request that a stand-in model server obeys.
struct EmbeddingsRequest: Decodable {
  enum Encoding: String, Decodable {
    case float, base64
  }

  private enum CodingKeys: String, CodingKey {
    case model, input
    case encodingFormat = "encoding_format"
  }

  private let model: String?
  private let input: TextInput
  private let encodingFormat: Encoding?

  /// Reads and judges a request's body.
  /// - Throws: `EngineFault`, as vLLM would answer.
  init(_ body: Data, servedBy servedModel: String) throws(EngineFault) {
    self = try decoded(body)
    if let model, model != servedModel { throw .unknownModel(model) }
  }

  var texts: [String] { input.texts }
  var encoding: Encoding { encodingFormat ?? .float }
}

/// What prompts and embedding inputs look like: a text or several, each as text or as the numbers of its tokens.
private struct TextInput: Decodable {
  let texts: [String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      texts = [text]
    } else if let several = try? container.decode([String].self) {
      texts = several
    } else if let tokens = try? container.decode([Int].self) {
      texts = ["\(tokens)"]
    } else {
      texts = try container.decode([[Int]].self).map { "\($0)" }
    }
  }
}

/// Reads a request's body.
private func decoded<Value: Decodable>(_ body: Data) throws(EngineFault) -> Value {
  do {
    return try JSONDecoder().decode(Value.self, from: body)
  } catch DecodingError.keyNotFound(let key, _) {
    throw .badRequest("\(key.stringValue): Field required", parameter: key.stringValue)
  } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    throw .badRequest("\(path): \(context.debugDescription)", parameter: path)
  } catch {
    throw .badRequest("the body is not the JSON object that was expected")
  }
}
