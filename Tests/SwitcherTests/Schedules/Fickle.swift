internal import Core
internal import Policies

/// A policy that changes its mind as it likes, even to what makes no sense, as long as an idle model gives way in the end.
struct Fickle: SwitchPolicy {
  static let name = "fickle"
  static let options: [PolicyOption] = []

  let drainCap: Duration?

  init(options: PolicyOptions) { drainCap = nil }

  init(drainCap: Duration?) { self.drainCap = drainCap }

  func decide(in situation: Situation) -> Decision {
    guard let active = situation.active, active.inFlight + active.waiting > 0 else {
      return situation.oldest.map { .switchTo($0.model, .idle) } ?? .stay(.exhausted)
    }
    let mood = situation.now.nanoseconds + Int64(active.inFlight * 7 + situation.candidates.count)
    var whim = SplitMix64(seed: UInt64(bitPattern: mood))
    switch Int.random(in: 0..<6, using: &whim) {
    case 0: return .stay(.backlog)
    case 1: return .reconsider(at: situation.now + .seconds(2), .cooldown)
    case 2: return .reconsider(at: situation.now - .seconds(2), .tick)
    case 3: return .switchTo(active.model, .oldest)
    default: return .switchTo(situation.candidates.randomElement(using: &whim)?.model ?? "nowhere", .oldest)
    }
  }
}
