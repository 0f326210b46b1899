internal import Core

/// First come, first served: switches for the oldest request that waits for another model, as soon as the active one has
/// been awake for its least time. Fair and predictable; it does not mind what a switch costs.
package struct FIFO: SwitchPolicy {
  package static let name = "fifo"

  package static let minActive = PolicyOption(
    "min_active_secs", default: 5, in: 0...86_400, "how long a model stays awake at the least, in seconds")

  package static let options = [minActive]

  private let minActive: Duration

  package init(options: PolicyOptions) { minActive = options.duration(Self.minActive) }

  package func decide(in situation: Situation) -> Decision {
    guard let target = situation.oldest else { return .stay(.exhausted) }
    guard let active = situation.active else { return .switchTo(target.model, .idle) }
    let ready = active.since + minActive
    guard situation.now >= ready else { return .reconsider(at: ready, .cooldown) }
    return .switchTo(target.model, .oldest)
  }
}
