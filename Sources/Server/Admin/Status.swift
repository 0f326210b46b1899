internal import Core
internal import Switcher

/// The state of everything, as `/control/status` shows it and the command line reads it; its keys are in snake case.
struct Status: Codable {
  struct Mode: Codable {
    let mode: String
    let pinned: String?
  }

  struct Model: Codable {
    let inFlight: Int
    let queueDepth: Int
    let state: String
    let processState: String
    let oldestWaitSeconds: Double
    let failure: String?
    let retryAfterSeconds: Double?
  }

  struct Switch: Codable {
    let number: UInt64
    let from: String?
    let to: String?
    let phase: String
    let trigger: String
    let seconds: Double
  }

  let state: String
  let activeModel: String?
  let mode: Mode
  let policy: String
  let `switch`: Switch?
  let models: [String: Model]

  init(_ snapshot: Snapshot, processes: [ModelID: ProcessState]) {
    if let transition = snapshot.transition {
      state = "switching:\(transition.from?.name ?? "")->\(transition.to?.name ?? "")"
    } else {
      state = snapshot.active.map { "active:\($0)" } ?? "idle"
    }
    activeModel = snapshot.active?.name
    mode = Mode(mode: snapshot.mode.isManual ? "manual" : "auto", pinned: snapshot.mode.pinned?.name)
    policy = snapshot.policy
    `switch` = snapshot.transition.map {
      Switch(
        number: $0.number, from: $0.from?.name, to: $0.to?.name, phase: $0.phase.rawValue,
        trigger: $0.trigger.rawValue, seconds: (snapshot.takenAt - $0.decidedAt).seconds)
    }
    models = Dictionary(
      uniqueKeysWithValues: snapshot.models.map { model in
        let shown = Model(
          inFlight: model.inFlight, queueDepth: model.queueDepth, state: model.state.rawValue,
          processState: (processes[model.id] ?? .stopped).rawValue, oldestWaitSeconds: model.oldestWait.seconds,
          failure: model.failure?.message, retryAfterSeconds: model.failure?.retryAfter.seconds)
        return (model.id.name, shown)
      })
  }
}
