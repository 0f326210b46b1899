internal import Core
internal import Foundation
internal import HTTP

/// The way from the command line to the admin routes of a running daemon.
struct AdminConnection: Sendable {
  let client: HTTPClient
  /// The daemon's admin address.
  let upstream: Upstream
  let token: String?

  /// What an admin request must present.
  var fields: [(name: String, value: String)] {
    token.map { [("Authorization", "Bearer \($0)")] } ?? []
  }

  /// Asks for what is at `path`, which may bear a query.
  /// - Throws: when there is no answer; one that says no is an answer.
  func get(_ path: String) async throws(ClientFailure) -> ClientResponse {
    try await send(ClientRequest(.get, upstream.basePath + path, fields: fields))
  }

  /// Tells the route at `path` to do something, and waits for as long as that takes: an hour at most.
  /// - Throws: when there is no answer.
  func post(_ path: String, _ body: JSONValue) async throws(ClientFailure) -> ClientResponse {
    let fields = fields + [("Content-Type", "application/json")]
    return try await send(
      ClientRequest(.post, upstream.basePath + path, fields: fields, body: Array(body.serialized().utf8)))
  }

  /// How the model gives the GPU up; nil where the daemon does not tell.
  func eviction(of model: String) async throws(ClientFailure) -> Eviction? {
    struct Evictions: Decodable {
      struct Words: Decodable {
        let weights: String
        let process: String
      }

      struct Setting: Decodable { let eviction: Words }

      let models: [String: Setting]
    }
    let setting = try await get("/control/eviction").decoded(Evictions.self)?.models[model]
    return setting.flatMap { Eviction(words: "\($0.eviction.weights)+\($0.eviction.process)") }
  }

  /// What the model does; nil where the daemon does not tell.
  func state(of model: String) async throws(ClientFailure) -> Status.Model? {
    try await get("/control/status").decoded(Status.self)?.models[model]
  }

  private func send(_ request: ClientRequest) async throws(ClientFailure) -> ClientResponse {
    try await client.send(request, to: upstream.origin, timeout: .seconds(3600), bodyLimit: 16 << 20)
  }
}

extension ClientResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// Why it says no, in the daemon's words where it has some; nil where it does not say no.
  var refusal: String? {
    struct Refusal: Decodable { let error: String }
    guard status != 200 else { return nil }
    return decoded(Refusal.self)?.error ?? "the daemon answered \(status): \(text)"
  }

  /// The body, whose keys are in snake case; nil where it is something else.
  func decoded<Value: Decodable>(_ type: Value.Type) -> Value? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(type, from: Data(body))
  }
}
