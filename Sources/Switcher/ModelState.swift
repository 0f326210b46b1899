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

  package init(maxInFlight: Int? = nil, maxQueue: Int? = nil, idleSleep: Duration? = nil) {
    self.maxInFlight = maxInFlight
    self.maxQueue = maxQueue
    self.idleSleep = idleSleep
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
  var backoff = Backoff()
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

/// How long a model that failed is left alone: two seconds after the first failure, doubling to a minute.
struct Backoff: Sendable {
  static let first: Duration = .seconds(2)
  static let longest: Duration = .seconds(60)
  /// A server that lived this long before it died is not taken for one that crashes at every start.
  static let stableLife: Duration = .seconds(10)

  private(set) var failures = 0
  private(set) var until: Instant?
  private(set) var message = ""

  /// Ends once its time has come, so that no timer is set for it any more.
  mutating func expire(at now: Instant) {
    if let until, until <= now { self.until = nil }
  }

  /// How long the model is still to be left alone; nil when it may be tried.
  func remaining(at now: Instant) -> Duration? {
    guard let until, now < until else { return nil }
    return until - now
  }

  /// The wake failed for good.
  mutating func wakeFailed(at now: Instant, message: String) {
    failures += 1
    leaveAlone(doublings: failures - 1, now, message)
  }

  /// The server died while it was awake. The first time, it is started again at once.
  mutating func died(at now: Instant, afterLife life: Duration, message: String) {
    if life >= Self.stableLife { failures = 0 }
    failures += 1
    if failures > 1 { leaveAlone(doublings: failures - 2, now, message) }
  }

  /// The model is awake. The count stays until it has lived for a while or slept in an orderly way.
  mutating func wakeSucceeded() { until = nil }

  /// The model proved itself by an orderly sleep.
  mutating func reset() { self = Backoff() }

  private mutating func leaveAlone(doublings: Int, _ now: Instant, _ message: String) {
    self.message = message
    until = now + min(Self.first * (1 << min(doublings, 8)), Self.longest)
  }
}
