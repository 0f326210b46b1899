internal import Core

/// One model of an Ollama server, which loads and unloads by a generation without a prompt; a model for embeddings, which
/// refuses to generate, loads by an embedding of nothing.
struct OllamaHost: ModelHost {
  let control: ServerControl
  let model: String
  let healthPath: String
  let sleepTimeout: Duration
  let wakeTimeout: Duration

  func wake() async throws(RuntimeFailure) -> Upstream {
    // Negative: until it is told otherwise (Ollama's FAQ, "keep a model loaded in memory").
    try await order(keepAlive: -1, timeout: wakeTimeout)
    try await awaitPresence(true, within: .seconds(10))
    return control.upstream
  }

  func sleep() async throws(RuntimeFailure) {
    do throws(RuntimeFailure) {
      try await order(keepAlive: 0, timeout: sleepTimeout)
    } catch {
      // It refuses what it does not know or can't load this way; then there is nothing to unload.
      let names = try? await loadedNames(within: .seconds(10))
      guard let names, !names.contains(qualifiedName) else { throw error }
    }
    // The runner's process may hold its memory a moment longer than the answer takes.
    try await awaitPresence(false, within: sleepTimeout)
  }

  func stop() async throws(RuntimeFailure) -> Bool { try await control.end(sleep) }

  func isAlive() async -> Bool { await control.mayLive(at: healthPath) }

  func isWell() async -> Bool { await control.isHealthy(at: healthPath) }

  func isHeld() async throws(RuntimeFailure) -> Bool {
    try await loadedNames(within: .seconds(5)).contains(qualifiedName)
  }

  private func order(keepAlive: Int, timeout: Duration) async throws(RuntimeFailure) {
    let body = #"{"model":\#(jsonString(model)),"keep_alive":\#(keepAlive)}"#
    let answer = try await control.order(.post, "/api/generate", body: body, timeout: timeout)
    if answer.status == 400, answer.body.contains("does not support generate") {
      let embedding = try await control.order(.post, "/api/embed", body: body, timeout: timeout)
      guard embedding.status == 200 else { throw RuntimeFailure("POST /api/embed \(embedding.description)") }
    } else {
      guard answer.status == 200 else { throw RuntimeFailure("POST /api/generate \(answer.description)") }
    }
  }

  private func awaitPresence(_ expected: Bool, within timeout: Duration) async throws(RuntimeFailure) {
    try await control.waitUntil(expected ? "loaded" : "unloaded", within: timeout) { patience throws(RuntimeFailure) in
      let names = try await loadedNames(within: patience)
      guard names.contains(qualifiedName) != expected else { return .asHoped }
      return .notYet("GET /api/ps lists \(names.isEmpty ? "no model" : names.joined(separator: ", "))")
    }
  }

  private func loadedNames(within timeout: Duration) async throws(RuntimeFailure) -> [String] {
    try await control.read("/api/ps", as: LoadedModels.self, timeout: timeout).models.map(\.name)
  }

  /// The list always names the tag, a request need not.
  private var qualifiedName: String {
    let lastPart = model.split(separator: "/").last ?? ""
    return lastPart.contains(":") ? model : model + ":latest"
  }
}

/// What `GET /api/ps` answers, as far as it is needed.
private struct LoadedModels: Decodable {
  struct Model: Decodable {
    let name: String
  }

  let models: [Model]
}
