internal import Core
internal import Policies
internal import Synchronization

/// When a policy wanted to be asked again.
final class RecheckLog: Sendable {
  private let instants = Mutex<[Instant]>([])

  func add(_ instant: Instant) { instants.withLock { $0.append(instant) } }

  func take() -> [Instant] {
    instants.withLock { instants in
      defer { instants = [] }
      return instants
    }
  }
}

/// A policy whose answers are watched, and nothing else.
struct ObservedPolicy: SwitchPolicy {
  static let name = "observed"
  static let options: [PolicyOption] = []

  private let policy: any SwitchPolicy
  private let rechecks: RecheckLog

  init(_ policy: any SwitchPolicy, _ rechecks: RecheckLog) {
    self.policy = policy
    self.rechecks = rechecks
  }

  init(options: PolicyOptions) { self.init(FIFO(options: options), RecheckLog()) }

  var drainCap: Duration? { policy.drainCap }

  func decide(in situation: Situation) -> Decision {
    let decision = policy.decide(in: situation)
    if case .reconsider(let instant, _) = decision { rechecks.add(max(instant, situation.now)) }
    return decision
  }
}
