import Core

@testable import Policies

/// Waits until as many requests have gathered for a model as make a switch worth while, or one has waited long enough.
struct Batched: SwitchPolicy {
  static let name = "batched"

  static let batch = PolicyOption(
    "batch_size", default: 8, in: 1...10_000, "how many waiting requests make a switch worth while")
  static let patience = PolicyOption(
    "patience_secs", default: 30, in: 0...86_400, "how long a request waits for others to join it, in seconds")

  static let options = [FIFO.minActive, batch, patience]

  private let minActive: Duration
  private let batch: Int
  private let patience: Duration

  init(options: PolicyOptions) {
    minActive = options.duration(FIFO.minActive)
    batch = Int(options.number(Self.batch) ?? 8)
    patience = options.duration(Self.patience)
  }

  func decide(in situation: Situation) -> Decision {
    guard let oldest = situation.oldest else { return .stay(.exhausted) }
    guard let active = situation.active else { return .switchTo(oldest.model, .idle) }
    let ready = active.since + minActive
    guard situation.now >= ready else { return .reconsider(at: ready, .cooldown) }
    let patienceEnds = oldest.oldestArrival + patience
    if situation.now >= patienceEnds { return .switchTo(oldest.model, .stale) }
    if let full = situation.candidates.first(where: { $0.waiting >= batch }) {
      return .switchTo(full.model, .breakEven)
    }
    return .reconsider(at: patienceEnds, .notWorthIt)
  }
}
