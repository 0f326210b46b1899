internal import Core
internal import HTTP
internal import Switcher

/// What is known of one request for a model on its way.
struct Visit {
  /// When it was known which model is wanted.
  let arrivedAt: Instant
  /// The model that the client asked for.
  private let model: ModelID
  /// What the model's server is asked for; nil for what the client asked for.
  let target: String?
  /// The model may be another one than the client asked for.
  var request: ModelRequest
  /// What the answer bears besides the server's own fields.
  var addedFields: [(name: String, value: String)] = []
  /// Whether somebody only looks after the server, which is no use of the model.
  var isProbe = false
  /// Finds what the answer says of the tokens it took.
  var usage = UsageScanner()
  /// When a model was last granted to it; nil while it waits.
  var grantedAt: Instant?
  private(set) var waited = false
  private(set) var account = RequestAccount()

  init(_ request: ModelRequest, target: String? = nil, arrivedAt: Instant) {
    self.request = request
    model = request.entry.model
    self.arrivedAt = arrivedAt
    self.target = target
  }

  func plan(to upstream: Upstream, asking exchange: Exchange) -> ForwardPlan {
    var plan = ForwardPlan(origin: upstream.origin)
    plan.target = UpstreamPath.join(upstream.basePath, target, asking: exchange)
    plan.bodyEdit = request.edit
    plan.addedFields = addedFields
    return plan
  }

  /// The model is there, after a wait.
  mutating func granted(_ grant: Grant, after wait: Interval) {
    grantedAt = grant.grantedAt
    let switching = min(Interval(grant.switching), wait)
    account.switching += switching
    noteWait(wait - switching, inQueue: grant.waited)
  }

  /// It won't be, after a wait.
  mutating func rejected(_ error: SwitchError, after wait: Interval) {
    switch error {
    case .timedOut, .abandoned: noteWait(wait, inQueue: true)
    case .unknownModel, .queueFull: noteWait(wait, inQueue: false)
    // These come at once, or to all who wait when something happens.
    case .manualMode, .switchFailed, .superseded, .shuttingDown: noteWait(wait, inQueue: wait >= Self.noticeable)
    }
  }

  /// The model's server has answered, or failed to.
  mutating func forwarded(_ times: UpstreamTimes?) {
    guard let times else { return }
    if let endedAt = times.endedAt { account.upstream += endedAt.since(times.sentAt) }
  }

  mutating func ended(_ outcome: RequestOutcome, _ code: ErrorCode?) {
    account.model = request.entry.model
    account.outcome = outcome
    account.code = code
  }

  func entry(endedAt end: Instant) -> Recorder.Entry {
    Recorder.Entry(arrivedAt: arrivedAt, model: model, service: grantedAt.map { end - $0 })
  }

  var wait: Interval { account.queue + account.switching }

  /// What Server-Timing says of the wait.
  var timing: ServerTiming { ServerTiming(queue: account.queue, switching: account.switching) }

  /// What nobody waits who is answered at once.
  private static let noticeable = Interval(.milliseconds(1))

  private mutating func noteWait(_ wait: Interval, inQueue: Bool) {
    account.queue += wait
    if inQueue { waited = true }
  }
}
