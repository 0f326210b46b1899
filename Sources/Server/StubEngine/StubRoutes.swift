internal import Core
internal import Foundation
internal import HTTP

/// What a stand-in model server answers: the part of vLLM's HTTP surface that a daemon such as ours uses.
struct StubRoutes: Sendable {
  let options: StubEngineOptions
  let model: StubModel
  let timeline: any Timeline
  /// Gets a line for each control call.
  let logger: Logger

  private static let methods: [String: HTTPMethod] = [
    "/v1/chat/completions": .post, "/v1/completions": .post, "/v1/embeddings": .post, "/v1/models": .get,
    "/health": .get, "/metrics": .get, "/sleep": .post, "/wake_up": .post, "/is_sleeping": .get,
    "/collective_rpc": .post, "/reset_prefix_cache": .post,
  ]

  /// Answers one request. What a client asked for that leaves before it has it is taken back where that is possible.
  func handle(_ exchange: Exchange) async {
    do {
      try await exchange.readBody()
      try await route(exchange)
    } catch let fault as EngineFault {
      try? await exchange.respond(status: fault.status, fields: fault.fields, body: fault.body.serialized())
    } catch {
      // The client has gone, or the server itself tells it what was wrong with its request.
    }
  }

  private func route(_ exchange: Exchange) async throws {
    let path = exchange.path
    guard let method = Self.methods[path] else { throw EngineFault.notFound }
    guard exchange.method == method else { throw EngineFault.methodNotAllowed(method) }
    switch path {
    case "/v1/chat/completions": try await complete(.chat, exchange)
    case "/v1/completions": try await complete(.text, exchange)
    case "/v1/embeddings": try await embed(exchange)
    case "/v1/models": try await exchange.respond(status: 200, body: modelList.serialized())
    // It says nothing of sleep: a sleeping engine is healthy.
    case "/health": try await exchange.respond(status: 200)
    case "/metrics":
      try await exchange.respond(
        status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await metrics())
    default: try await control(exchange)
    }
  }

  private var modelList: JSONValue {
    let name = JSONValue.string(options.model)
    let entry: JSONValue = [
      "id": name, "object": "model", "created": 0, "owned_by": "stub-engine", "root": name, "parent": nil,
      "max_model_len": .number(StubAnswer.contextTokens),
    ]
    return ["object": "list", "data": [entry]]
  }

  private func metrics() async -> String {
    let statistics = await model.statistics
    let sleepStates: [(name: String, level: SleepLevel?)] = [
      ("awake", nil), ("weights_offloaded", .offload), ("discard_all", .discard),
    ]
    let samples =
      [
        ("vllm:num_requests_running", "gauge", statistics.running),
        ("vllm:num_requests_waiting", "gauge", statistics.waiting),
        ("stub_requests_while_asleep_total", "counter", statistics.arrivedWhileAsleep),
        ("stub_aborted_requests_total", "counter", statistics.aborted),
      ].map { "# TYPE \($0) \($1)\n\($0) \($2)\n" } + ["# TYPE vllm:engine_sleep_state gauge\n"]
      + sleepStates.map { name, level in
        "vllm:engine_sleep_state{sleep_state=\"\(name)\"} \(level == statistics.sleepLevel ? 1 : 0)\n"
      }
    return samples.joined()
  }
}

extension Exchange {
  /// What has been read of the body.
  var bodyData: Data { withBody { unsafe $0.withUnsafeBytes { unsafe Data($0) } } }
}
