internal import Glibc
package import Core

/// What a switch from one model to another is believed to cost: sleep plus wake, neither cooldown nor drain.
///
/// A moving average per pair: the first measurement replaces the prior, each later one counts three tenths.
package struct SwitchCosts: Sendable {
  private struct Pair: Hashable {
    let from: ModelID?
    let to: ModelID
  }

  private static let weight = 0.3
  private static let capSeconds = 300.0

  private let priorSeconds: Double
  private var seconds: [Pair: Double] = [:]

  /// - Parameter prior: what a pair is believed to cost before it was ever measured.
  package init(prior: Duration = .seconds(10)) { priorSeconds = prior.seconds }

  /// - Parameter from: nil for a wake onto an empty GPU.
  package func cost(from: ModelID?, to: ModelID) -> Duration {
    .seconds(seconds[Pair(from: from, to: to)] ?? priorSeconds)
  }

  package mutating func record(_ cost: Duration, from: ModelID?, to: ModelID) {
    let sample = min(cost.seconds, Self.capSeconds)
    let pair = Pair(from: from, to: to)
    seconds[pair] = seconds[pair].map { $0 + Self.weight * (sample - $0) } ?? sample
  }

  /// The pairs that were measured, for metrics and status.
  package var measured: [(from: ModelID?, to: ModelID, cost: Duration)] {
    seconds.map { ($0.key.from, $0.key.to, .seconds($0.value)) }
  }
}

/// How long a model's requests take from grant to end: a moving average in which each one counts a tenth.
package struct ServiceTime: Sendable {
  private static let weight = 0.1
  private var averageSeconds: Double?

  package init() {}

  /// One second until the first request has ended.
  package var average: Duration { .seconds(averageSeconds ?? 1) }

  package mutating func record(_ duration: Duration) {
    let sample = duration.seconds
    averageSeconds = averageSeconds.map { $0 + Self.weight * (sample - $0) } ?? sample
  }
}

/// How often a model is asked for: a count that forgets with a time constant of two minutes, put in relation to how much
/// of such a window has passed at all.
package struct ArrivalRate: Sendable {
  private static let timeConstantSeconds = 120.0
  private static let headStartSeconds = 5.0

  private let start: Instant
  private var count = 0.0
  package private(set) var lastArrival: Instant?

  /// - Parameter start: since when arrivals have been counted at all.
  package init(start: Instant) { self.start = start }

  package mutating func record(at now: Instant) {
    count = decayedCount(at: now) + 1
    lastArrival = now
  }

  /// Requests a second.
  package func perSecond(at now: Instant) -> Double {
    let window = 1 - exp(-((now - start).seconds + Self.headStartSeconds) / Self.timeConstantSeconds)
    return decayedCount(at: now) / (Self.timeConstantSeconds * window)
  }

  private func decayedCount(at now: Instant) -> Double {
    guard let lastArrival else { return 0 }
    return count * exp(-(now - lastArrival).seconds / Self.timeConstantSeconds)
  }
}
