internal import Foundation
internal import HTTP

// The routes that make the model speak. All of them wait while the engine sleeps, as vLLM's do.
extension StubRoutes {
  /// - Throws: `EngineFault` before an answer has begun, `ExchangeFailure` when the client has gone.
  func complete(_ kind: CompletionKind, _ exchange: Exchange) async throws {
    let body = exchange.bodyData
    let request = try CompletionRequest(body, kind: kind, servedBy: options.model)
    let shape = CompletionShape(kind, model: options.model)
    let usage = Usage(requestBytes: body.count)
    if request.isStreamed {
      try await stream(request, shape, usage, to: exchange)
    } else {
      try await model.withAnswer(tokens: request.tokens) { outputs in
        try await collect(outputs, request, shape, usage, for: exchange)
      }
    }
  }

  private func collect(
    _ outputs: StubModel.Outputs, _ request: CompletionRequest, _ shape: CompletionShape, _ usage: Usage,
    for exchange: Exchange
  ) async throws {
    var usage = usage
    var text = ""
    for await output in outputs {
      switch output {
      case .token(let token):
        usage.completionTokens += 1
        text += token
      case .finished, .aborted:
        let reason = output == .aborted ? "abort" : request.finishReason
        let answer = shape.whole(text, finishReason: reason, usage: usage)
        try await exchange.respond(status: 200, body: answer.serialized())
      case .cut: exchange.abort()
      }
    }
  }

  /// Sends the head before anything else is done, so that the client sees it at once, also of a sleeping engine.
  private func stream(
    _ request: CompletionRequest, _ shape: CompletionShape, _ usage: Usage, to exchange: Exchange
  ) async throws {
    try await exchange.begin(status: 200, contentType: "text/event-stream; charset=utf-8")
    try await model.withAnswer(tokens: request.tokens) { outputs in
      var usage = usage
      for await output in outputs {
        switch output {
        case .token(let text):
          if usage.completionTokens == 0, let opening = shape.opening { try await exchange.sendEvent(opening) }
          usage.completionTokens += 1
          try await exchange.sendEvent(shape.token(text))
        case .finished, .aborted:
          let reason = output == .aborted ? "abort" : request.finishReason
          try await exchange.sendEvent(shape.ending(finishReason: reason))
          if request.includesUsage { try await exchange.sendEvent(shape.usage(usage)) }
          try await exchange.send(Array("data: [DONE]\n\n".utf8))
          try await exchange.finish()
        case .cut: exchange.abort()
        }
      }
    }
  }

  /// - Throws: `EngineFault` before an answer has begun, `ExchangeFailure` when the client has gone.
  func embed(_ exchange: Exchange) async throws {
    let body = exchange.bodyData
    let request = try EmbeddingsRequest(body, servedBy: options.model)
    try await model.withAnswer(tokens: 1) { outputs in
      for await output in outputs {
        switch output {
        case .token: continue
        case .finished:
          let answer = embeddings(request, Usage(requestBytes: body.count))
          try await exchange.respond(status: 200, body: answer.serialized())
        case .aborted: throw EngineFault.internalError("the engine went to sleep")
        case .cut: exchange.abort()
        }
      }
    }
  }

  private func embeddings(_ request: EmbeddingsRequest, _ usage: Usage) -> JSONValue {
    let entries = request.texts.enumerated().map { index, text -> JSONValue in
      let vector = StubAnswer.embedding(of: text, by: options.model)
      return ["object": "embedding", "index": .number(index), "embedding": encoded(vector, as: request.encoding)]
    }
    return [
      "object": "list", "data": .array(entries), "model": .string(options.model), "usage": usage.json,
    ]
  }

  private func encoded(_ vector: [Float], as encoding: EmbeddingsRequest.Encoding) -> JSONValue {
    switch encoding {
    case .float: .array(vector.map { .number(Double($0)) })
    case .base64:
      // Little-endian, as the clients decode it.
      .string(
        Data(
          vector.flatMap { component in
            let bits = component.bitPattern
            return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
          }
        ).base64EncodedString())
    }
  }
}

extension Exchange {
  /// Sends one server-sent event with a JSON value (HTML Standard, section 9.2).
  fileprivate func sendEvent(_ value: JSONValue) async throws(ExchangeFailure) {
    try await send(Array("data: \(value.serialized())\n\n".utf8))
  }
}
