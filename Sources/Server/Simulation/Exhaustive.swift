internal import Core
internal import Policies

/// Stays with a model until it has nothing left to do, whoever else waits: the shortest mean wait, and no bound to the
/// longest. A yardstick for simulations, no policy to serve with.
struct Exhaustive: SwitchPolicy {
  static let name = "exhaustive"

  static let options = [FIFO.minActive]

  private let minActive: Duration

  init(options: PolicyOptions) { minActive = options.duration(FIFO.minActive) }

  func decide(in situation: Situation) -> Decision {
    guard let oldest = situation.oldest else { return .stay(.exhausted) }
    guard let active = situation.active else { return .switchTo(oldest.model, .idle) }
    let ready = active.since + minActive
    guard situation.now >= ready else { return .reconsider(at: ready, .cooldown) }
    guard active.waiting == 0, active.inFlight == 0 else { return .stay(.backlog) }
    return .switchTo(oldest.model, .exhausted)
  }
}
