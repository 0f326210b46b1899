internal import Core

/// Drain first: stays with a model until it has nothing left to do, then goes to the one with the most waiting, unless
/// somebody has waited too long. It looks at fixed intervals rather than at every event (llmux calls it time_slice).
package struct SchedulerTick: SwitchPolicy {
  package static let name = "scheduler_tick"

  static let tickInterval = PolicyOption(
    "tick_interval_ms", default: 500, in: 0...60_000,
    "how often the scheduler looks, in milliseconds; 0: after every event")
  static let maxWait = PolicyOption(
    "max_wait_secs", default: 15, in: 0.1...86_400,
    "how long a request waits before the active model is left in spite of its own work, in seconds")

  package static let options = [FIFO.minActive, tickInterval, maxWait]

  private let minActive: Duration
  private let tickInterval: Duration
  private let maxWait: Duration

  package init(options: PolicyOptions) {
    minActive = options.duration(FIFO.minActive)
    tickInterval = options.duration(Self.tickInterval)
    maxWait = options.duration(Self.maxWait)
  }

  package func waitLimit(for candidate: Situation.Candidate, in situation: Situation) -> Duration? { maxWait }

  package func decide(in situation: Situation) -> Decision {
    guard let oldest = situation.oldest, let longest = situation.longest else { return .stay(.exhausted) }
    guard let active = situation.active else { return .switchTo(longest.model, .idle) }
    let ready = active.since + minActive
    guard situation.now >= ready else { return .reconsider(at: ready, .cooldown) }
    if tickInterval > .zero, !situation.isRecheck { return .reconsider(at: nextTick(situation.now), .tick) }
    if active.waiting == 0, active.inFlight == 0 { return .switchTo(longest.model, .exhausted) }
    let stale = oldest.oldestArrival + maxWait
    if situation.now >= stale { return .switchTo(oldest.model, .stale) }
    return .reconsider(at: tickInterval > .zero ? nextTick(situation.now) : stale, .backlog)
  }

  /// The next whole multiple of the interval, so that the ticks don't drift with the events between them.
  private func nextTick(_ now: Instant) -> Instant {
    let interval = tickInterval.nanoseconds
    return Instant(nanoseconds: (now.nanoseconds / interval + 1) * interval)
  }
}

extension Situation {
  /// The candidate with the most requests waiting; of several, the first in the configuration.
  fileprivate var longest: Candidate? {
    candidates.reduce(nil) { best, next in
      guard let best, best.waiting >= next.waiting else { return next }
      return best
    }
  }
}
