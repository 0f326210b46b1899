package import Core
internal import Policies

/// What the switcher is told about a model once, by the configuration.
package struct ModelLimits: Hashable, Sendable {
  /// Requests on the model at a time; nil means as many as come.
  package var maxInFlight: Int?
  /// Requests that may wait for it; nil means as many as come.
  package var maxQueue: Int?
  /// How long it stays awake while nobody uses it or waits for another model; nil means for ever.
  package var idleSleep: Duration?
  /// How long it sleeps at the least before a request may have it woken.
  package var minSleep: Duration
  /// How long the requests on it may take to end once it is to leave; nil: as long as they like.
  package var drainTimeout: Duration?
  /// How long nobody may have used the GPU before it is this model's again; nil: it comes when it is asked for. One model
  /// at the most is the default model.
  package var returnDelay: Duration?
  /// How many failures in a row open its breaker.
  package var breakerFailures: Int

  package init(
    maxInFlight: Int? = nil, maxQueue: Int? = nil, idleSleep: Duration? = nil, minSleep: Duration = .zero,
    drainTimeout: Duration? = nil, returnDelay: Duration? = nil, breakerFailures: Int = 3
  ) {
    self.maxInFlight = maxInFlight
    self.maxQueue = maxQueue
    self.idleSleep = idleSleep
    self.minSleep = minSleep
    self.drainTimeout = drainTimeout
    self.returnDelay = returnDelay
    self.breakerFailures = breakerFailures
  }
}

/// All that the machine knows of one model.
struct ModelState: Sendable {
  let id: ModelID
  var limits: ModelLimits
  var presence: Presence = .stopped
  /// How it is put to sleep where nobody says otherwise; nil: as it is configured.
  var eviction: Eviction?
  var queue = WaitingQueue()
  var breaker = CircuitBreaker()
  /// When it last stopped admitting requests.
  var lastLeft: Instant?
  /// Since when it has been at rest; nil while it is awake, or is stopped for another reason than that it was put to sleep.
  var rest: Rest?
  var arrivals: ArrivalRate
  var service = ServiceTime()
  /// The last death that was reported since its wake began; it may be that of the instance that is coming up.
  var deathInWake: Instance?
  /// Why it gives up its server, if it does.
  var departure: Departure?
  /// Whether that server is being ended.
  var isRetiring = false
  /// Whether its next start is one that should not have been needed.
  var isToRestart = false
  /// The state that those who look on were last told of.
  var toldState = LifecycleState.stopped

  init(id: ModelID, limits: ModelLimits, start: Instant) {
    self.id = id
    self.limits = limits
    arrivals = ArrivalRate(start: start)
  }

  var awake: Awake? {
    if case .awake(let awake) = presence { awake } else { nil }
  }

  var inFlight: Int { awake?.inFlight ?? 0 }

  /// Why it is lost; nil unless it is.
  var lossReason: String? {
    if case .lost(let reason) = presence { reason } else { nil }
  }

  func breakerState(at now: Instant) -> BreakerState {
    breaker.state(at: now, threshold: limits.breakerFailures)
  }

  var hasFreeSlot: Bool {
    guard let awake else { return false }
    return awake.inFlight < limits.maxInFlight ?? .max
  }
}

/// Where a model is. Only one that is awake can have requests in flight, so the count lives inside.
enum Presence: Sendable {
  case stopped
  case asleep(Instance)
  case awake(Awake)
  /// It died or would not end: nothing is to be had of it, yet it may hold the GPU until its end is certain. Why, worded
  /// for a person.
  case lost(String)
}

/// The time since a model was put to sleep in an orderly way, whatever is left of its process.
package struct Rest: Hashable, Sendable {
  package let since: Instant
  /// Whether the operator sent it to sleep; else it made room for another model, or nobody used it.
  package let wasOrdered: Bool
}

/// A model that can serve.
struct Awake: Sendable {
  let instance: Instance
  let since: Instant
  /// When the switch that brought it here was decided.
  let chosenAt: Instant
  /// What the switch that brought it here cost: sleep and wake.
  let costPaid: Duration
  /// How long a request could wait before the policy would have switched here whatever else.
  let waitLimit: Duration?
  var inFlight = 0
  /// Since when nobody has used it; of no meaning while somebody does.
  var idleSince: Instant

  init(instance: Instance, since: Instant, chosenAt: Instant, costPaid: Duration, waitLimit: Duration?) {
    self.instance = instance
    self.since = since
    self.chosenAt = chosenAt
    self.costPaid = costPaid
    self.waitLimit = waitLimit
    idleSince = since
  }
}
