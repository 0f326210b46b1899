internal import Core

/// One model of a llama.cpp server in router mode, which has a process of its own for each model that is loaded.
///
/// Orders are carried out after they were answered, and refused where there is nothing to do; so it is the list of models
/// that tells what came of one. A model whose process ends, or whose router is started anew, is not loaded again unless
/// somebody has it loaded; until then each request for it is refused by an answer like any other.
struct RouterHost: ModelHost {
  let control: ServerControl
  let model: String
  let sleepTimeout: Duration
  /// A load is a cold start.
  let startupTimeout: Duration
  let watchInterval: Duration? = .seconds(2)

  func wake() async throws(RuntimeFailure) -> Upstream {
    try await order("/models/load", toBe: "loaded", within: startupTimeout) { status in
      // A model that the router itself put to sleep wakes with the next request.
      switch status?.value {
      case "loaded", "sleeping": .there
      case "loading": .onItsWay
      default: .not
      }
    }
    return control.upstream
  }

  func sleep() async throws(RuntimeFailure) { try await unload(within: sleepTimeout) }

  func stop() async throws(RuntimeFailure) -> Bool {
    try await control.end { () async throws(RuntimeFailure) in
      try await unload(within: min(sleepTimeout, Self.stopTimeout))
    }
  }

  private func unload(within timeout: Duration) async throws(RuntimeFailure) {
    try await order("/models/unload", toBe: "unloaded", within: timeout) { status in
      status.isRunning ? .not : .there
    }
  }

  /// A router that is busy answers late, and has lost nothing by that.
  func isAlive() async -> Bool { await loss() == nil }

  func isWell() async -> Bool { (try? await status(timeout: Self.lookTimeout)).isRunning }

  func loss() async -> String? {
    do throws(RuntimeFailure) {
      let status = try await status(timeout: Self.lookTimeout)
      return status.isRunning ? nil : "is gone: GET /models says \(status.story)"
    } catch {
      return await control.isListening(at: control.healthPath) ? nil : "is gone with its router: \(error.message)"
    }
  }

  func isHeld() async throws(RuntimeFailure) -> Bool {
    try await status(timeout: Self.lookTimeout).isRunning
  }

  private enum Progress {
    case there, onItsWay, not
  }

  private func order(
    _ path: String, toBe goal: String, within timeout: Duration, progress: (ModelList.Status?) -> Progress
  ) async throws(RuntimeFailure) {
    let body = #"{"model":\#(jsonString(model))}"#
    let answer = try await control.order(.post, path, body: body, timeout: timeout)
    let refusal = answer.status == 200 ? nil : RuntimeFailure("POST \(path) \(answer.description)")
    try await control.waitUntil(goal, within: timeout) { patience throws(RuntimeFailure) in
      let status = try await status(timeout: patience)
      switch progress(status) {
      case .there: return .asHoped
      case .onItsWay: break
      case .not:
        if let refusal { throw RuntimeFailure("\(refusal.message); GET /models says \(status.story)") }
        guard let status, status.failed != true else {
          throw RuntimeFailure("the model could not be \(goal): \(status.story)")
        }
      }
      return .notYet("GET /models says \(status.story)")
    }
  }
}

extension RouterHost {
  private static let lookTimeout: Duration = .seconds(5)
  /// A router gives a model's process 10 s to end; a daemon that is to end can't wait for one that does not answer.
  private static let stopTimeout: Duration = .seconds(20)

  /// What the router says of the model; nil where it does not know it.
  private func status(timeout: Duration) async throws(RuntimeFailure) -> ModelList.Status? {
    let models = try await control.read("/models", as: ModelList.self, timeout: timeout).data
    guard let entry = models.first(where: { $0.isCalled(model) }) else { return nil }
    guard let status = entry.status else {
      throw RuntimeFailure("GET /models tells no status of \(model), as a llama-server in router mode does")
    }
    return status
  }
}

/// What `GET /models` answers, as far as it is needed.
private struct ModelList: Decodable {
  struct Model: Decodable {
    let id: String
    let aliases: [String]?
    let status: Status?

    func isCalled(_ name: String) -> Bool { id == name || aliases?.contains(name) ?? false }
  }

  struct Status: Decodable {
    /// unloaded, loading, loaded or sleeping.
    let value: String
    /// Whether its process ended by itself.
    let failed: Bool?
    let exitCode: Int?

    private enum CodingKeys: String, CodingKey {
      case value, failed
      case exitCode = "exit_code"
    }

  }

  let data: [Model]
}

extension ModelList.Status? {
  /// Whether the model has a process, or gets one. One that the router itself put to sleep wakes with the next request.
  fileprivate var isRunning: Bool { ["loading", "loaded", "sleeping"].contains(self?.value) }

  fileprivate var story: String {
    guard let self else { return "nothing of it" }
    let facts = [self.value, self.failed == true ? "failed" : nil, self.exitCode.map { "exit status \($0)" }]
    return facts.compactMap(\.self).joined(separator: ", ")
  }
}
