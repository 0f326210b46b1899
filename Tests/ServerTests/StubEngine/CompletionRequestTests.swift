import Foundation
import Testing

@testable import Server

@Suite struct CompletionRequestTests {
  @Test(arguments: [
    (#"{"model":"alpha","messages":[{"role":"user","content":"hi"}]}"#, CompletionKind.chat, 8, "stop"),
    (#"{"messages":[],"max_tokens":3}"#, .chat, 3, "length"),
    (#"{"messages":[],"max_completion_tokens":5,"max_tokens":3}"#, .chat, 5, "length"),
    (#"{"prompt":"hi"}"#, .text, 8, "stop"), (#"{"prompt":["a","b"],"max_tokens":1}"#, .text, 1, "length"),
    (#"{"prompt":[1,2],"max_tokens":32768}"#, .text, 32_768, "length"),
    (#"{"prompt":[[1],[2]],"temperature":0,"max_tokens":null}"#, .text, 8, "stop"),
  ])
  func `an answer is as long as the request says`(
    body: String, kind: CompletionKind, tokens: Int, finishReason: String
  ) throws {
    let request = try CompletionRequest(Data(body.utf8), kind: kind, servedBy: "alpha")
    #expect(request.tokens == tokens)
    #expect(request.finishReason == finishReason)
    #expect(!request.isStreamed)
    #expect(!request.includesUsage)
  }

  @Test func `a stream may ask for the usage`() throws {
    let body = Data(#"{"prompt":"hi","stream":true,"stream_options":{"include_usage":true}}"#.utf8)
    let request = try CompletionRequest(body, kind: .text, servedBy: "alpha")
    #expect(request.isStreamed)
    #expect(request.includesUsage)
  }

  @Test(arguments: [
    (#"{"model":"bravo","prompt":"hi"}"#, CompletionKind.text, 404, Optional("model")),
    (#"{"prompt":"#, .text, 400, nil),
    ("[]", .text, 400, nil), ("{}", .text, 400, "prompt"), (#"{"prompt":"hi"}"#, .chat, 400, "messages"),
    (#"{"messages":[{}]}"#, .chat, 400, "role"), (#"{"prompt":{"a":1}}"#, .text, 400, "prompt"),
    (#"{"prompt":"hi","max_tokens":0}"#, .text, 400, "max_tokens"),
    (#"{"prompt":"hi","max_tokens":32769}"#, .text, 400, "max_tokens"),
    (#"{"prompt":"hi","max_tokens":"3"}"#, .text, 400, "max_tokens"),
  ])
  func `a request that can't be served is a fault`(
    body: String, kind: CompletionKind, status: Int, parameter: String?
  ) {
    let fault = #expect(throws: EngineFault.self) {
      _ = try CompletionRequest(Data(body.utf8), kind: kind, servedBy: "alpha")
    }
    #expect(fault?.status == status)
    #expect(fault?.body["error"]?["param"] == parameter.map(JSONValue.string) ?? .null)
  }

  @Test(arguments: [
    (#"{"input":"a"}"#, ["a"], EmbeddingsRequest.Encoding.float),
    (#"{"model":"alpha","input":["a","b"],"encoding_format":"base64"}"#, ["a", "b"], .base64),
    (#"{"input":[1,2],"encoding_format":"float"}"#, ["[1, 2]"], .float),
    (#"{"input":[[1],[2,3]]}"#, ["[1]", "[2, 3]"], .float),
  ])
  func `embeddings are made of one text or several`(
    body: String, texts: [String], encoding: EmbeddingsRequest.Encoding
  ) throws {
    let request = try EmbeddingsRequest(Data(body.utf8), servedBy: "alpha")
    #expect(request.texts == texts)
    #expect(request.encoding == encoding)
  }

  @Test(arguments: [(#"{"input":"a","model":"bravo"}"#, 404), ("{}", 400), (#"{"input":{}}"#, 400)])
  func `embeddings that can't be made are a fault`(body: String, status: Int) {
    let fault = #expect(throws: EngineFault.self) {
      _ = try EmbeddingsRequest(Data(body.utf8), servedBy: "alpha")
    }
    #expect(fault?.status == status)
  }

  @Test func `an embedding is the model's and the text's own`() {
    let vector = StubAnswer.embedding(of: "a", by: "alpha")
    #expect(vector.count == 8)
    #expect(vector.allSatisfy { (-1...1).contains($0) })
    #expect(vector == StubAnswer.embedding(of: "a", by: "alpha"))
    #expect(vector != StubAnswer.embedding(of: "b", by: "alpha"))
    #expect(vector != StubAnswer.embedding(of: "a", by: "bravo"))
  }
}
