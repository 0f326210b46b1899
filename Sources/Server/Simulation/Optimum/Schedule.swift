internal import Core
internal import Policies

/// Which model gets the GPU when, laid down beforehand.
struct Schedule: Hashable {
  private struct Occasion: Hashable {
    let awake: ModelID?
    let at: Instant
  }

  private var targets: [Occasion: ModelID] = [:]

  /// - Parameter awake: the model that is left; nil where none is awake yet.
  mutating func add(_ target: ModelID, from awake: ModelID?, at microseconds: Int64) {
    targets[Occasion(awake: awake, at: Instant(nanoseconds: microseconds * 1000))] = target
  }

  func target(awake: ModelID?, at now: Instant) -> ModelID? { targets[Occasion(awake: awake, at: now)] }
}

/// Does what a schedule says, and nothing else: a yardstick for simulations, no policy to serve with.
struct ScheduledPolicy: SwitchPolicy {
  static let name = "scheduled"
  static let options: [PolicyOption] = []

  private let schedule: Schedule

  init(_ schedule: Schedule) { self.schedule = schedule }

  init(options: PolicyOptions) { self.init(Schedule()) }

  func decide(in situation: Situation) -> Decision {
    let target = schedule.target(awake: situation.active?.model, at: situation.now)
    return target.map { .switchTo($0, .breakEven) } ?? .stay(.notWorthIt)
  }
}
