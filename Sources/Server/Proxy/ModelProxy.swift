internal import Core
internal import HTTP
internal import Metrics
internal import Switcher

/// Passes requests on to the model that they name, once the switcher has granted it to them.
struct ModelProxy: Sendable {
  /// Tells a client which model stood in for the one that it asked for.
  private static let standInField = "x-switcher-model"

  let directory: LiveDirectory
  let switcher: ModelSwitcher
  let timeline: any Timeline
  let recorder: Recorder?
  let logger: Logger

  /// Serves a request for the model that it names itself; where that can't be woken, by those that stand in for it.
  func serve(_ exchange: Exchange) async throws {
    let directory = directory.current
    let request = try await ModelRequest.identify(exchange, in: directory)
    var visit = Visit(request, receivedAt: exchange.receivedAt, arrivedAt: timeline.now)
    recorder?.arrived(at: visit.arrivedAt)
    defer { recorder?.ended(visit.entry(endedAt: timeline.now)) }
    while true {
      do {
        return try await pass(exchange, &visit)
      } catch SwitchError.switchFailed(let model, let message, _) where visit.request.entry.fallback != nil {
        guard let fallback = visit.request.entry.fallback else { return }
        logger.warning(
          "falling back", ["model": model, "to": fallback, "request_id": exchange.requestID, "failure": message])
        visit.request.entry = try directory.entry(named: fallback.name)
        visit.addedFields = [(Self.standInField, fallback.name)]
      } catch {
        return try fail(exchange, visit, error)
      }
    }
  }

  /// Serves a request for the model that its path names: `/upstream/{model}/{path…}`. It is meant for that model's server,
  /// so no other one stands in.
  func serveUpstreamPath(_ exchange: Exchange) async throws {
    let (entry, target) = try UpstreamPath.resolve(exchange.path, query: exchange.query, in: directory.current)
    var visit = Visit(
      ModelRequest(entry: entry), target: target, receivedAt: exchange.receivedAt, arrivedAt: timeline.now)
    recorder?.arrived(at: visit.arrivedAt)
    defer { recorder?.ended(visit.entry(endedAt: timeline.now)) }
    do {
      try await pass(exchange, &visit)
    } catch {
      try fail(exchange, visit, error)
    }
  }

  /// Sends the request on to its model; once more where the server can't have taken it.
  private func pass(_ exchange: Exchange, _ visit: inout Visit) async throws {
    let deadline = timeline.now + visit.request.entry.requestTimeout
    do {
      try await passOnce(exchange, deadline, &visit)
    } catch ForwardFailure.notTaken(let reason) {
      // The server was gone before it took anything of the request: by now the switcher knows, and wakes a fresh one.
      logger.warning(
        "retrying", ["model": visit.request.entry.model, "request_id": exchange.requestID, "reason": reason])
      try await passOnce(exchange, deadline, &visit)
    }
  }

  /// Waits for the grant and sends the request on.
  private func passOnce(_ exchange: Exchange, _ deadline: Instant, _ visit: inout Visit) async throws {
    let arrival = timeline.now
    let entry = visit.request.entry
    visit.grantedAt = nil
    var current = visit
    defer { visit = current }
    try await switcher.withModel(entry.model, deadline: deadline) { grant, upstream in
      current.granted(grant, after: grant.grantedAt - arrival)
      entry.metrics.queueWait.observe(grant.grantedAt - arrival)
      do throws(ForwardFailure) {
        let summary = try await exchange.forward(current.plan(to: upstream, asking: exchange))
        entry.metrics.count(RequestOutcome(status: summary.status), waited: current.waited)
        entry.metrics.duration.observe(timeline.now - current.receivedAt)
      } catch {
        if error.isServersFault { await switcher.verify(grant) }
        throw error
      }
    }
  }

  /// Counts a request that was not served, and words the answer.
  private func fail(_ exchange: Exchange, _ visit: Visit, _ error: any Error) throws {
    let entry = visit.request.entry
    let outcome: RequestOutcome
    let answer: APIError?
    switch error {
    case let error as SwitchError:
      outcome = RequestOutcome(error)
      answer = APIError(error, known: directory.current.models.map(\.name))
    case let failure as ForwardFailure:
      outcome = failure.isServersFault ? .upstreamError : .cancelled
      answer = APIError(failure)
      if failure.isServersFault {
        logger.warning(
          "the model server failed a request",
          ["model": entry.model, "request_id": exchange.requestID, "failure": "\(failure)"])
      }
    case is CancellationError:
      outcome = .cancelled
      answer = nil
    default: throw error
    }
    entry.metrics.count(outcome, waited: visit.waited)
    entry.metrics.duration.observe(timeline.now - visit.receivedAt)
    if let answer { throw answer }
  }
}

/// What is known of one request on its way.
private struct Visit {
  let receivedAt: Instant
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
  /// When a model was last granted to it; nil while it waits.
  var grantedAt: Instant?
  private(set) var waited = false
  private var wait: Duration = .zero
  private var switching: Duration = .zero

  init(_ request: ModelRequest, target: String? = nil, receivedAt: Instant, arrivedAt: Instant) {
    self.request = request
    model = request.entry.model
    self.arrivedAt = arrivedAt
    self.target = target
    self.receivedAt = receivedAt
  }

  func plan(to upstream: Upstream, asking exchange: Exchange) -> ForwardPlan {
    var plan = ForwardPlan(origin: upstream.origin)
    plan.target = UpstreamPath.join(upstream.basePath, target, asking: exchange)
    plan.serverTiming = serverTiming
    plan.bodyEdit = request.edit
    plan.addedFields = addedFields
    return plan
  }

  mutating func granted(_ grant: Grant, after wait: Duration) {
    grantedAt = grant.grantedAt
    waited = grant.waited
    self.wait = wait
    switching = min(grant.switching, wait)
  }

  func entry(endedAt end: Instant) -> Recorder.Entry {
    Recorder.Entry(arrivedAt: arrivedAt, model: model, service: grantedAt.map { end - $0 })
  }

  /// What Server-Timing says of the wait: milliseconds in the queue, and of a switch that was waited for.
  private var serverTiming: String {
    "queue;dur=\(Self.milliseconds(wait - switching)), switch;dur=\(Self.milliseconds(switching))"
  }

  private static func milliseconds(_ duration: Duration) -> String {
    let tenths = duration.nanoseconds / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}

extension ForwardFailure {
  /// Whether the model server is to blame; else the client left, or sent what could not be read.
  fileprivate var isServersFault: Bool {
    switch self {
    case .notTaken, .noAnswer, .timedOut, .cut: true
    case .refused, .clientGone: false
    }
  }
}

extension RequestOutcome {
  /// How a request ended that the model server answered.
  init(status: Int) {
    switch status {
    case ..<400: self = .success
    case 400..<500: self = .clientError
    default: self = .upstreamError
    }
  }

  /// How a request ended that was never granted.
  init(_ error: SwitchError) {
    switch error {
    case .manualMode: self = .refused
    case .timedOut: self = .timeout
    case .abandoned: self = .cancelled
    case .unknownModel, .queueFull, .switchFailed, .superseded, .shuttingDown: self = .rejected
    }
  }
}
