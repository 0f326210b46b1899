internal import Core

/// One model of a llama.cpp server in router mode, which has a process of its own for each model that is loaded.
///
/// Orders are carried out after they were answered, and refused where there is nothing to do; so it is the list of models
/// that tells what came of one.
struct RouterHost: ModelHost {
  let control: ServerControl
  let model: String
  let healthPath: String
  let sleepTimeout: Duration
  let wakeTimeout: Duration

  func wake() async throws(RuntimeFailure) -> Upstream {
    try await order("/models/load", toBe: "loaded", within: wakeTimeout) { status in
      // A model that the router itself put to sleep wakes with the next request.
      switch status?.value {
      case "loaded", "sleeping": .there
      case "loading": .onItsWay
      default: .not
      }
    }
    return control.upstream
  }

  func sleep() async throws(RuntimeFailure) {
    try await order("/models/unload", toBe: "unloaded", within: sleepTimeout) { status in
      // What is not in the list can't be loaded.
      status.map { $0.value == "unloaded" } ?? true ? .there : .not
    }
  }

  func stop() async throws(RuntimeFailure) { try await control.end(sleep) }

  func isAlive() async -> Bool { await control.isHealthy(at: healthPath) }

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
      let list = try await control.read("/models", as: ModelList.self, timeout: patience)
      let status = list.data.first { $0.id == model }?.status
      switch progress(status) {
      case .there: return .asHoped
      case .onItsWay: break
      case .not:
        if let refusal { throw refusal }
        guard let status else { throw RuntimeFailure("GET /models does not list \(model)") }
        if status.failed == true { throw RuntimeFailure("the model could not be \(goal): \(status.story)") }
      }
      return .notYet("GET /models says \(status?.story ?? "nothing of it")")
    }
  }
}

/// What `GET /models` answers, as far as it is needed.
private struct ModelList: Decodable {
  struct Model: Decodable {
    let id: String
    let status: Status?
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

    var story: String {
      [value, failed == true ? "failed" : nil, exitCode.map { "exit status \($0)" }].compactMap(\.self)
        .joined(separator: ", ")
    }
  }

  let data: [Model]
}
