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
  let web: WebForwarding
  let timeline: any Timeline
  let recorder: Recorder?
  let logger: Logger

  /// Serves a request for the model that it names itself; where that can't be woken, by those that stand in for it.
  func serve(_ exchange: Exchange, _ account: inout RequestAccount) async throws {
    let directory = directory.current
    let request = try await ModelRequest.identify(exchange, in: directory)
    var visit = Visit(request, arrivedAt: timeline.now)
    recorder?.arrived(at: visit.arrivedAt)
    defer { account = visit.account }
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
        return try fail(exchange, &visit, error)
      }
    }
  }

  /// Serves a request for the model that its path names: `/upstream/{model}/{path…}`. It is meant for that model's server,
  /// so no other one stands in.
  func serveUpstreamPath(_ exchange: Exchange, _ account: inout RequestAccount) async throws {
    let (entry, target) = try UpstreamPath.resolve(exchange.path, query: exchange.query, in: directory.current)
    var visit = Visit(ModelRequest(entry: entry), target: target, arrivedAt: timeline.now)
    visit.isProbe = UpstreamPath.isProbe(exchange.method, target)
    recorder?.arrived(at: visit.arrivedAt)
    defer { account = visit.account }
    do {
      try await pass(exchange, &visit)
    } catch {
      try fail(exchange, &visit, error)
    }
  }

  /// Sends the request on to its model; once more where the server can't have taken it.
  private func pass(_ exchange: Exchange, _ visit: inout Visit) async throws {
    let arrival = timeline.now
    let traffic = visit.isProbe ? nil : visit.request.entry.traffic
    traffic?.began(at: arrival)
    defer { traffic?.ended(visit.account.outcome == .success, begunAt: arrival, at: timeline.now) }
    let deadline = arrival + visit.request.entry.requestTimeout
    do {
      try await passOnce(exchange, arrival, deadline, &visit)
    } catch ForwardFailure.notTaken(let reason) {
      // The server was gone before it took anything of the request: by now the switcher knows, and wakes a fresh one.
      logger.warning(
        "retrying", ["model": visit.request.entry.model, "request_id": exchange.requestID, "reason": reason])
      try await passOnce(exchange, timeline.now, deadline, &visit)
    }
    end(exchange, &visit, RequestOutcome(status: exchange.record.status ?? 0), nil)
  }

  /// Waits for the grant and sends the request on.
  private func passOnce(
    _ exchange: Exchange, _ arrival: Instant, _ deadline: Instant, _ visit: inout Visit
  ) async throws {
    visit.grantedAt = nil
    defer { exchange.timing = visit.timing }
    let entry = visit.request.entry
    do {
      try await switcher.withModel(entry.model, deadline: deadline) { grant, upstream in
        visit.granted(grant, after: grant.grantedAt.since(arrival))
        exchange.timing = visit.timing
        defer { visit.forwarded(exchange.record.upstream) }
        do throws(ForwardFailure) {
          let plan = visit.plan(to: upstream, asking: exchange)
          if let access = upstream.web {
            try await web.forward(exchange, plan, to: upstream, by: access) { visit.usage.take($0, $1) }
          } else {
            try await exchange.forward(plan) { visit.usage.take($0, $1) }
          }
          if let status = exchange.record.status, status >= 500 { entry.metrics.count(.badStatus) }
        } catch {
          guard let failure = UpstreamError(error) else { throw error }
          entry.metrics.count(failure)
          await switcher.verify(grant)
          throw error
        }
      }
    } catch let error as SwitchError {
      visit.rejected(error, after: timeline.now.since(arrival))
      throw error
    }
  }

  /// Ends a request that was not answered in full, and words the answer.
  private func fail(_ exchange: Exchange, _ visit: inout Visit, _ error: any Error) throws {
    switch error {
    case let error as SwitchError:
      let answer = APIError(error, known: directory.current.models.map(\.name))
      end(exchange, &visit, RequestOutcome(error), answer?.code)
      if let answer { throw answer }
    case let failure as ForwardFailure:
      warn(of: failure, exchange, visit)
      let answer = APIError(failure)
      let isCut = answer == nil && RequestOutcome(failure) != .cancelled
      end(exchange, &visit, RequestOutcome(failure), isCut ? .upstreamDisconnected : answer?.code)
      if let answer { throw answer }
    case is CancellationError: end(exchange, &visit, .cancelled, nil)
    default:
      end(exchange, &visit, .rejected, (error as? APIError)?.code ?? .internalError)
      throw error
    }
  }

  private func warn(of failure: ForwardFailure, _ exchange: Exchange, _ visit: Visit) {
    let model = visit.request.entry.model
    switch failure {
    case .notTaken, .noAnswer, .timedOut, .cut:
      logger.warning(
        "the model server failed a request",
        ["model": model, "request_id": exchange.requestID, "failure": "\(failure)"])
    case .drained(let reason, let bytesSent):
      logger.warning(
        "a request was cut off",
        ["model": model, "request_id": exchange.requestID, "reason": reason, "bytes": bytesSent ?? 0])
    case .refused, .clientGone: break
    }
  }

  /// Tells those who keep count of a request that has ended, each one once.
  private func end(_ exchange: Exchange, _ visit: inout Visit, _ outcome: RequestOutcome, _ code: ErrorCode?) {
    visit.ended(outcome, code)
    visit.usage.finish()
    let now = timeline.now
    visit.request.entry.metrics.record(visit, exchange, outcome, at: now)
    recorder?.ended(visit.entry(endedAt: now))
  }
}
