package import Core

/// All that a policy may know, as values: who is awake, who waits, and what switching has cost so far.
package struct Situation: Sendable {
  package var now: Instant
  /// The model that is awake and admits requests; nil when the GPU is empty.
  package var active: Active?
  /// The models other than the active one that somebody waits for, in the order of the configuration, without those that
  /// failed to wake and are backing off. Never empty when a policy is asked.
  package var candidates: [Candidate]
  package var costs: SwitchCosts
  /// How long a request may wait at most before it is turned away.
  package var requestTimeout: Duration
  /// Whether the time has come at which the policy wanted to be asked again; else an event is the occasion.
  package var isRecheck: Bool

  package init(
    now: Instant, active: Active?, candidates: [Candidate], costs: SwitchCosts, requestTimeout: Duration,
    isRecheck: Bool = false
  ) {
    self.now = now
    self.isRecheck = isRecheck
    self.active = active
    self.candidates = candidates
    self.costs = costs
    self.requestTimeout = requestTimeout
  }

  /// The model that holds the GPU.
  package struct Active: Sendable {
    package var model: ModelID
    package var since: Instant
    package var inFlight: Int
    /// Its own requests that wait for a free slot.
    package var waiting: Int
    package var oldestArrival: Instant?
    package var lastArrival: Instant?
    /// Requests a second, recent ones weighing more.
    package var arrivalRate: Double
    package var serviceTime: Duration
    /// How many requests it serves at a time; nil where it is not limited.
    package var slots: Int?
    /// What the switch that brought it here cost: sleep and wake, without the drain. Zero for the first model.
    package var costPaid: Duration

    package init(
      model: ModelID, since: Instant, inFlight: Int, waiting: Int = 0, oldestArrival: Instant? = nil,
      lastArrival: Instant? = nil, arrivalRate: Double = 0, serviceTime: Duration = .seconds(1), slots: Int? = nil,
      costPaid: Duration = .zero
    ) {
      self.model = model
      self.since = since
      self.inFlight = inFlight
      self.waiting = waiting
      self.oldestArrival = oldestArrival
      self.lastArrival = lastArrival
      self.arrivalRate = arrivalRate
      self.serviceTime = serviceTime
      self.slots = slots
      self.costPaid = costPaid
    }
  }

  /// A model that is not awake and that somebody waits for.
  package struct Candidate: Sendable {
    package var model: ModelID
    package var waiting: Int
    package var oldestArrival: Instant
    /// How long all of them together have waited.
    package var sumOfAges: Duration
    /// When it last stopped admitting requests; nil if it never was awake.
    package var lastLeft: Instant?
    package var serviceTime: Duration
    package var slots: Int?

    package init(
      model: ModelID, waiting: Int, oldestArrival: Instant, sumOfAges: Duration, lastLeft: Instant? = nil,
      serviceTime: Duration = .seconds(1), slots: Int? = nil
    ) {
      self.model = model
      self.waiting = waiting
      self.oldestArrival = oldestArrival
      self.sumOfAges = sumOfAges
      self.lastLeft = lastLeft
      self.serviceTime = serviceTime
      self.slots = slots
    }
  }
}

extension Situation {
  /// The candidate whose first request has waited longest; of several, the first in the configuration.
  package var oldest: Candidate? {
    candidates.reduce(nil) { best, next in
      guard let best, best.oldestArrival <= next.oldestArrival else { return next }
      return best
    }
  }
}
