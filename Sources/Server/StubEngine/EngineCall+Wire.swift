internal import Foundation

// Control calls as vLLM's routes have them.
extension EngineCall {
  /// Reads a request. The query counts; a JSON body only where the route has one, so that a level in the body of /sleep
  /// is passed over without a word.
  /// - Parameter path: one of the control routes'.
  /// - Throws: `EngineFault`, as vLLM would answer.
  init(path: String, query: String?, body: Data) throws(EngineFault) {
    let query = URLComponents(string: "?" + (query ?? ""))?.queryItems ?? []
    let values = { (name: String) in query.filter { $0.name == name }.map { $0.value ?? "" } }
    switch path {
    case "/sleep":
      let level = values("level").last ?? "1"
      let mode = values("mode").last ?? "abort"
      guard let level = Int(level).flatMap(SleepLevel.init) else {
        throw .badRequest("level: found \"\(level)\", expected 0, 1 or 2", parameter: "level")
      }
      guard let mode = EngineScheduler.PauseMode(rawValue: mode) else {
        throw .badRequest("mode: found \"\(mode)\", expected abort, wait or keep", parameter: "mode")
      }
      self = .sleep(level, mode)
    case "/wake_up":
      let tags = values("tags")
      // An unknown tag is passed over, so that a call with none that is known wakes nothing.
      self = .wakeUp(Set(tags.isEmpty ? EngineMemory.allCases : tags.compactMap(EngineMemory.init)))
    case "/is_sleeping": self = .isSleeping
    case "/reset_prefix_cache": self = .resetPrefixCache
    case "/collective_rpc":
      guard let call = try? JSONDecoder().decode(RemoteCall.self, from: body) else {
        throw .badRequest("found no JSON object with a \"method\"")
      }
      guard call.method == "reload_weights" else {
        throw .internalError("the workers have no method \"\(call.method)\"")
      }
      self = .reloadWeights
    default: throw .notFound
    }
  }

  private struct RemoteCall: Decodable {
    let method: String
  }

  /// The body that tells how the call ended.
  /// - Throws: `EngineFault` when it failed.
  func body(of answer: EngineAnswer) throws(EngineFault) -> JSONValue {
    switch (self, answer) {
    case (_, .failed(let message)): throw .internalError(message)
    case (.sleep(let level, _), _): ["status": "sleeping", "level": .number(level.rawValue)]
    case (.wakeUp(let tags), .sleeping(let isSleeping)):
      [
        "status": isSleeping ? "sleeping" : "awake",
        "tags": tags.count == EngineMemory.allCases.count
          ? nil : .array(tags.map(\.rawValue).sorted().map(JSONValue.string)),
      ]
    case (.isSleeping, .sleeping(let isSleeping)): ["is_sleeping": .bool(isSleeping)]
    case (.reloadWeights, _): ["results": [nil]]
    default: ["success": true]
    }
  }
}
