package import Core

/// Decides when the GPU changes hands; knows nothing of how.
///
/// A policy is asked after every event while somebody waits for a model that is not awake, with the whole situation, and
/// answers for *now*. It holds no timer, lock or task, and keeps nothing between two questions: the same situation always
/// gets the same answer. "Later" is `reconsider(at:)`; nothing deferred is carried out without being asked again.
package protocol SwitchPolicy: Sendable {
  /// The name in the configuration, in metrics and in the logs.
  static var name: String { get }

  /// The options that the policy reads; the configuration is validated against them.
  static var options: [PolicyOption] { get }

  init(options: PolicyOptions)

  /// How long, after a switch was decided, those who were queued for the old model by then are still admitted to it;
  /// nil means until the last of them.
  var drainCap: Duration? { get }

  /// How long a candidate may wait before that beats every other reason; nil where waiting alone never does.
  func waitLimit(for candidate: Situation.Candidate, in situation: Situation) -> Duration?

  func decide(in situation: Situation) -> Decision
}

extension SwitchPolicy {
  package var drainCap: Duration? { nil }

  package func waitLimit(for candidate: Situation.Candidate, in situation: Situation) -> Duration? { nil }
}

/// A policy's answer.
package enum Decision: Hashable, Sendable {
  case stay(Reason)
  case reconsider(at: Instant, Reason)
  case switchTo(ModelID, Reason)

  package var reason: Reason {
    switch self {
    case .stay(let reason), .reconsider(_, let reason), .switchTo(_, let reason): reason
    }
  }
}

/// Why a policy decided as it did: a small fixed set, since it labels metrics.
package enum Reason: String, Sendable, CaseIterable {
  /// Nothing is awake, so any waiting request is reason enough.
  case idle
  /// Somebody waits for another model, and the order of arrival rules.
  case oldest
  /// Somebody has waited as long as the policy lets anyone wait.
  case stale
  /// The active model has nothing left to do.
  case exhausted
  /// What the others have waited outweighs what leaving will cost the active model's own callers.
  case breakEven = "break_even"
  /// The active model has not been awake for its least time yet.
  case cooldown
  /// The active model still has requests of its own.
  case backlog
  /// Leaving would cost more than it saves.
  case notWorthIt = "not_worth_it"
  /// The next tick has not come yet.
  case tick
}
