internal import Core
internal import HTTP
internal import Metrics
internal import Switcher

/// Passes requests on to the model that they name, once the switcher has granted it to them.
struct ModelProxy: Sendable {
  let directory: ModelDirectory
  let switcher: ModelSwitcher
  let metrics: RequestMetrics
  let timeline: any Timeline
  let logger: Logger

  /// Serves a request for the model that it names itself.
  func serve(_ exchange: Exchange) async throws {
    let request = try await ModelRequest.identify(exchange, in: directory)
    try await serve(exchange, request.entry, target: nil, edit: request.edit)
  }

  /// Serves a request for the model that its path names: `/upstream/{model}/{path…}`.
  func serveUpstreamPath(_ exchange: Exchange) async throws {
    let (entry, target) = try UpstreamPath.resolve(exchange.path, query: exchange.query, in: directory)
    try await serve(exchange, entry, target: target, edit: nil)
  }

  private func serve(
    _ exchange: Exchange, _ entry: ModelDirectory.Entry, target: String?, edit: ForwardPlan.BodyEdit?
  ) async throws {
    var visit = Visit(receivedAt: exchange.receivedAt)
    let deadline = timeline.now + entry.requestTimeout
    do {
      do {
        try await pass(exchange, entry, target, edit, deadline, &visit)
      } catch ForwardFailure.notTaken(let reason) {
        // The server was gone before it took anything of the request: by now the switcher knows, and wakes a fresh one.
        logger.warning(
          "retrying", ["model": entry.model, "request_id": exchange.requestID, "reason": reason])
        try await pass(exchange, entry, target, edit, deadline, &visit)
      }
    } catch {
      try fail(exchange, entry, visit, error)
    }
  }

  /// Waits for the grant and sends the request on, once.
  private func pass(
    _ exchange: Exchange, _ entry: ModelDirectory.Entry, _ target: String?, _ edit: ForwardPlan.BodyEdit?,
    _ deadline: Instant, _ visit: inout Visit
  ) async throws {
    let arrival = timeline.now
    let metrics = metrics[entry.model]
    var current = visit
    defer { visit = current }
    try await switcher.withModel(entry.model, deadline: deadline) { grant, upstream in
      current.granted(grant, after: grant.grantedAt - arrival)
      metrics?.queueWait.observe(grant.grantedAt - arrival)
      var plan = ForwardPlan(origin: upstream.origin)
      plan.target = UpstreamPath.join(upstream.basePath, target, asking: exchange)
      plan.serverTiming = current.serverTiming
      plan.bodyEdit = edit
      do throws(ForwardFailure) {
        let summary = try await exchange.forward(plan)
        metrics?.count(RequestOutcome(status: summary.status), waited: current.waited)
        metrics?.duration.observe(timeline.now - current.receivedAt)
      } catch {
        if error.isServersFault { await switcher.verify(grant) }
        throw error
      }
    }
  }

  /// Counts a request that was not served, and words the answer.
  private func fail(
    _ exchange: Exchange, _ entry: ModelDirectory.Entry, _ visit: Visit, _ error: any Error
  ) throws {
    let metrics = metrics[entry.model]
    let outcome: RequestOutcome
    let answer: APIError?
    switch error {
    case let error as SwitchError:
      outcome = RequestOutcome(error)
      answer = APIError(error, known: directory.models.map(\.name))
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
    metrics?.count(outcome, waited: visit.waited)
    metrics?.duration.observe(timeline.now - visit.receivedAt)
    if let answer { throw answer }
  }
}

/// What is known of one request on its way.
private struct Visit {
  let receivedAt: Instant
  private(set) var waited = false
  private var wait: Duration = .zero
  private var switching: Duration = .zero

  init(receivedAt: Instant) { self.receivedAt = receivedAt }

  mutating func granted(_ grant: Grant, after wait: Duration) {
    waited = grant.waited
    self.wait = wait
    switching = min(grant.switching, wait)
  }

  /// What Server-Timing says of the wait: milliseconds in the queue, and of a switch that was waited for.
  var serverTiming: String {
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
