internal import Core
internal import Foundation
internal import HTTP

/// A question to a model to which it always gives the same answer, as far as that is in its power.
struct ModelQuestion: Sendable {
  /// What came of it.
  enum Answer: Hashable, Sendable {
    case text(String)
    /// Why there is none, worded for a person. An empty one counts as none: so does a model answer whose weights are gone.
    case none(String)
  }

  let client: HTTPClient
  /// Where clients reach the daemon.
  let upstream: Upstream
  let model: String

  /// Asks over the chat route, or where the model has none, for a plain completion.
  /// - Throws: when there is no answer at all.
  func ask() async throws(ClientFailure) -> Answer {
    let prompt: JSONValue = "Count from one to ten in words."
    let chat = try await send("/v1/chat/completions", [("messages", [["role": "user", "content": prompt]])])
    guard [400, 404, 405, 422, 501].contains(chat.status) else { return Answer(chat) }
    let completion = try await send("/v1/completions", [("prompt", prompt)])
    return Answer(completion.status == 200 ? completion : chat)
  }

  private func send(_ path: String, _ question: [(String, JSONValue)]) async throws(ClientFailure) -> ClientResponse {
    let settings: [(String, JSONValue)] = [
      ("model", .string(model)), ("temperature", 0), ("seed", 0), ("max_tokens", 32),
    ]
    let body = JSONValue.object((settings + question).map { JSONValue.Member($0, $1) })
    let request = ClientRequest(
      .post, upstream.basePath + path, fields: [("Content-Type", "application/json")],
      body: Array(body.serialized().utf8))
    return try await client.send(request, to: upstream.origin, timeout: .seconds(3600), bodyLimit: 16 << 20)
  }
}

extension ModelQuestion.Answer {
  private struct Completion: Decodable {
    struct Choice: Decodable {
      struct Message: Decodable {
        let content: String?
        let reasoningContent: String?
      }

      let message: Message?
      let text: String?
    }

    let choices: [Choice]
  }

  init(_ response: ClientResponse) {
    guard response.status == 200, let completion = response.decoded(Completion.self) else {
      self = .none("\(response.status) \(response.text.prefix(200))")
      return
    }
    let choice = completion.choices.first
    let text = [choice?.message?.reasoningContent, choice?.message?.content, choice?.text].compactMap(\.self).joined()
    self = text.isEmpty ? .none("its answer is empty") : .text(text)
  }
}
