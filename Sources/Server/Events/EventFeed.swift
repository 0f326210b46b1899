internal import Core
internal import Foundation
internal import Policies
internal import Switcher
internal import Synchronization

/// Turns what the switcher's observers are told into events.
final class EventFeed: Sendable {
  let hub: EventHub
  private let picture: Mutex<StatePicture>

  /// - Parameter life: tells this run of the daemon from any other; without a hyphen.
  init(_ picture: StatePicture, life: String) {
    self.picture = Mutex(picture)
    hub = EventHub(life: life, picture: picture.json)
  }

  /// To be called with every notice, in order.
  func observe(_ notice: Notice, _ now: Instant) {
    let clock = WallClock(at: now, shows: .now)
    let (news, json) = picture.withLock { picture in (picture.observe(notice, clock), picture.json) }
    hub.publish(news, picture: json)
  }
}

/// The state of everything, put together from the notices.
struct StatePicture: Sendable {
  private var models: [ModelID]
  private var states: [ModelID: LifecycleState] = [:]
  private var ill: Set<ModelID> = []
  private var mode = Mode.auto
  private var policy: String
  private var current: SwitchDecision?

  /// The state at the start: nobody is awake, and the mode is auto.
  init(models: [ModelID], policy: String) {
    self.models = models
    self.policy = policy
  }

  /// What a `state` event says.
  var json: JSONValue {
    let active = models.first { [.active, .draining].contains(states[$0]) }
    let state =
      current.map { "switching:\($0.from?.name ?? "")->\($0.to?.name ?? "")" } ?? active.map { "active:\($0)" }
      ?? "idle"
    return [
      "state": .string(state),
      "active_model": .name(active),
      "mode": modeJSON,
      "policy": .string(policy),
      "models": .object(models.map { .init($0.name, .string((states[$0] ?? .stopped).rawValue)) }),
    ]
  }

  /// Takes a notice in; returns what it is worth telling.
  mutating func observe(_ notice: Notice, _ clock: WallClock) -> [EventHub.News] {
    switch notice {
    case .switchDecided(let decision):
      current = decision
      return [(.switch, Self.running(decision, phase: "decided"))]
    case .phaseEntered(let phase, switch: let number):
      guard let current, current.number == number else { return [] }
      return [(.switch, Self.running(current, phase: phase.rawValue))]
    case .switchEnded(let record):
      current = nil
      return [(.switch, JSONValue(record, clock))]
    case .modeChanged(let mode):
      self.mode = mode
      return [(.mode, modeJSON)]
    case .policyReplaced(let name):
      policy = name
      return [(.policy, ["policy": .string(name)])]
    case .modelsReplaced(let change):
      models = change.models
      states = states.filter { models.contains($0.key) }
      let names = [("models", change.models), ("added", change.added), ("removed", change.removed)]
      let members = (names + [("renewed", change.renewed)]).map { name, models in
        JSONValue.Member(name, .array(models.map { .name($0) }))
      }
      return [(.reload, .object(members)), (.state, json)]
    case .modelChanged(let change):
      guard models.contains(change.model) else { return [] }
      states[change.model] = change.to
      return health(change) + [(.state, json)]
    case .modelRestarted, .requestStarved: return []
    }
  }

  private var modeJSON: JSONValue {
    ["mode": mode.isManual ? "manual" : "auto", "pinned": .name(mode.pinned)]
  }

  /// A model that can't be woken or whose server died is ill, until it is awake again.
  private mutating func health(_ change: ModelChange) -> [EventHub.News] {
    let isWell = change.to == .active
    if change.to == .failed {
      ill.insert(change.model)
    } else if !isWell || ill.remove(change.model) == nil {
      return []
    }
    return [
      (
        .health,
        [
          "model": .name(change.model), "healthy": .bool(isWell), "state": .string(change.to.rawValue),
          "failure": change.failure.map { .string($0) } ?? .null,
        ]
      )
    ]
  }

  /// A switch under way; one that has ended has an outcome in place of a phase.
  private static func running(_ decision: SwitchDecision, phase: String) -> JSONValue {
    [
      "number": .number(Int(decision.number)),
      "from": .name(decision.from),
      "to": .name(decision.to),
      "trigger": .string(decision.trigger.rawValue),
      "reason": decision.reason.map { .string($0.rawValue) } ?? .null,
      "phase": .string(phase),
    ]
  }
}
