internal import Core

/// Break-even: leaves the active model when the waiting that leaving saves exceeds the waiting that it causes.
///
/// What it saves: what the others will have waited by the time the switch lands. What it causes: while the GPU is away for
/// `V` seconds, callers of the active model arrive at a rate `λ` and wait `½λV²` seconds together; the quantity is that of
/// the economic order quantity and of renting skis. Nobody waits longer than a staleness limit that grows with the costs:
/// with the largest cost C, the residual service and drain D, V = max(cost paid, least active time) and N models, a waiting
/// model is served within W + N(V + D + C).
package struct CostAware: SwitchPolicy {
  package static let name = "cost_aware"

  static let maxWait = PolicyOption(
    "max_wait_secs", default: nil, in: 0.1...86_400,
    "caps the staleness limit, in seconds; a short limit thrashes under load")
  static let amortization = PolicyOption(
    "amortization_factor", default: 0.5, in: 0.01...100,
    "scales what leaving is held to cost: less than 0.5 leaves sooner, more stays longer")
  static let coalesceWindow = PolicyOption(
    "coalesce_window_ms", default: 0, in: 0...60_000,
    "how long a request waits at the least before the active model is left for it, in milliseconds")
  static let slots = PolicyOption(
    "slots", default: 16, in: 1...100_000, "how many requests a model serves at a time, where max_in_flight is not set")

  package static let options = [FIFO.minActive, maxWait, amortization, coalesceWindow, slots]

  package var drainCap: Duration? { .seconds(60) }

  private let minActive: Duration
  private let maxWaitSeconds: Double?
  private let costScale: Double
  private let coalesceWindow: Duration
  private let slots: Double

  package init(options: PolicyOptions) {
    minActive = options.duration(FIFO.minActive)
    maxWaitSeconds = options.number(Self.maxWait)
    costScale = (options.number(Self.amortization) ?? 0.5) / 0.5
    coalesceWindow = options.duration(Self.coalesceWindow)
    slots = options.number(Self.slots) ?? 16
  }

  package func waitLimit(for candidate: Situation.Candidate, in situation: Situation) -> Duration? {
    guard let active = situation.active else { return nil }
    return .seconds(staleness(candidate, situation, Balance(situation, active, slots: slots)))
  }

  package func decide(in situation: Situation) -> Decision {
    guard let oldest = situation.oldest else { return .stay(.exhausted) }
    guard let active = situation.active else { return .switchTo(oldest.model, .idle) }
    let now = situation.now
    let ready = active.since + minActive
    guard now >= ready else { return .reconsider(at: ready, .cooldown) }
    let coalesced = oldest.oldestArrival + coalesceWindow
    guard now >= coalesced else { return .reconsider(at: coalesced, .cooldown) }

    let balance = Balance(situation, active, slots: slots)
    let isIdle = active.waiting == 0 && active.inFlight == 0
    let hasPaidOff = now - active.since >= active.costPaid

    // Staleness beats every other choice of target.
    let (stalest, overdue) = mostOverdue(situation, balance)
    var recheck = now - .seconds(overdue)
    if overdue >= 0 {
      if isIdle || hasPaidOff { return .switchTo(stalest.model, .stale) }
      recheck = active.since + active.costPaid
    }

    // Its own backlog comes first, unless another queue is older by far.
    if active.waiting > 0, let head = active.oldestArrival {
      let rival = overdue >= 0 ? (stalest, balance.lead(of: stalest, over: head)) : balance.leader(over: head)
      if rival.1 >= 0, hasPaidOff { return .switchTo(rival.0.model, .oldest) }
      return .reconsider(at: recheck, .backlog)
    }

    let target = overdue >= 0 ? stalest : oldest
    let saved = balance.saved(by: target)
    let caused = balance.caused(by: target) * costScale * (active.inFlight == 0 ? 0.5 : 4)
    if saved >= caused, isIdle || hasPaidOff { return .switchTo(target.model, .breakEven) }
    // How long until the waiting that adds up meanwhile tips the balance, as far as can be told now.
    let waiting = Double(situation.candidates.reduce(0) { $0 + $1.waiting })
    let delay = min(max((caused - saved) / waiting, 0.05), 1)
    return .reconsider(at: min(recheck, now + .seconds(delay)), .notWorthIt)
  }

  /// The candidate that is furthest beyond its staleness limit, or nearest to it, and by how many seconds.
  private func mostOverdue(_ situation: Situation, _ balance: Balance) -> (Situation.Candidate, Double) {
    let overdue = situation.candidates.map { candidate in
      let since = max(candidate.oldestArrival, candidate.lastLeft ?? candidate.oldestArrival)
      return (candidate, (situation.now - since).seconds - staleness(candidate, situation, balance))
    }
    return overdue.dropFirst().reduce(overdue[0]) { $1.1 > $0.1 ? $1 : $0 }
  }

  /// How long a candidate may wait, in seconds: a minute or six round trips, but never half of its patience.
  private func staleness(_ candidate: Situation.Candidate, _ situation: Situation, _ balance: Balance) -> Double {
    let limit = min(max(60, 6 * balance.roundTrip(candidate.model)), 0.5 * situation.requestTimeout.seconds)
    return maxWaitSeconds.map { min(limit, $0) } ?? limit
  }
}

/// The arithmetic of one decision, in seconds.
private struct Balance {
  private let situation: Situation
  private let active: Situation.Active
  private let slots: Double

  init(_ situation: Situation, _ active: Situation.Active, slots: Double) {
    self.situation = situation
    self.active = active
    self.slots = slots
  }

  private func cost(_ from: ModelID, _ to: ModelID) -> Double { situation.costs.cost(from: from, to: to).seconds }

  func roundTrip(_ model: ModelID) -> Double { cost(active.model, model) + cost(model, active.model) }

  /// By how much a candidate's first request has waited longer than the active model's own, less what makes it worth
  /// while: eight round trips.
  func lead(of candidate: Situation.Candidate, over head: Instant) -> Double {
    (head - candidate.oldestArrival).seconds - 8 * roundTrip(candidate.model)
  }

  func leader(over head: Instant) -> (Situation.Candidate, Double) {
    let leads = situation.candidates.map { ($0, lead(of: $0, over: head)) }
    return leads.dropFirst().reduce(leads[0]) { $1.1 > $0.1 ? $1 : $0 }
  }

  /// What is left of the active model's requests in flight, as far as can be told.
  private var drain: Double { active.inFlight == 0 ? 0 : active.serviceTime.seconds }

  /// What everyone who waits will have waited, all together, when the target is awake.
  func saved(by target: Situation.Candidate) -> Double {
    let landing = drain + cost(active.model, target.model)
    return situation.candidates.reduce(0) { $0 + $1.sumOfAges.seconds + Double($1.waiting) * landing }
  }

  /// What the active model's own callers will wait while the GPU makes its round of the others.
  func caused(by target: Situation.Candidate) -> Double {
    var away = drain + cost(active.model, target.model) + backlog(target)
    var last = target.model
    for candidate in situation.candidates where candidate.model != target.model {
      away += cost(last, candidate.model) + backlog(candidate)
      last = candidate.model
    }
    away += cost(last, active.model)
    return 0.5 * arrivalRate * away * away
  }

  /// How long a candidate's queue will keep the GPU.
  private func backlog(_ candidate: Situation.Candidate) -> Double {
    let slots = candidate.slots.map(Double.init) ?? slots
    return (Double(candidate.waiting) / slots).rounded(.up) * candidate.serviceTime.seconds
  }

  /// What is to be expected of the active model's callers: never more than its latest silence suggests.
  private var arrivalRate: Double {
    guard let last = active.lastArrival else { return active.arrivalRate }
    return min(active.arrivalRate, 1 / max((situation.now - last).seconds, 0.001))
  }
}
