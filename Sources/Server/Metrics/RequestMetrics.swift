internal import Core
internal import HTTP
internal import Metrics

/// The metrics of the requests for the models: every series exists from the start, and the hot path, which has a model's
/// share from the directory, looks nothing up.
struct RequestMetrics: Sendable {
  /// One model's share.
  final class Model: Sendable {
    let queueWait: Histogram
    let duration: Histogram
    let firstToken: Histogram
    let upstreamFirstToken: Histogram
    let promptTokens: Counter
    let completionTokens: Counter
    /// Shared by all models.
    let overhead: Histogram
    fileprivate let totals: [Counter]
    fileprivate let errors: [Counter]
    fileprivate let disconnects: [Counter]

    fileprivate init(
      queueWait: Histogram, duration: Histogram, firstToken: Histogram, upstreamFirstToken: Histogram,
      promptTokens: Counter, completionTokens: Counter, overhead: Histogram, totals: [Counter], errors: [Counter],
      disconnects: [Counter]
    ) {
      (self.queueWait, self.duration, self.firstToken) = (queueWait, duration, firstToken)
      (self.upstreamFirstToken, self.overhead) = (upstreamFirstToken, overhead)
      (self.promptTokens, self.completionTokens) = (promptTokens, completionTokens)
      (self.totals, self.errors, self.disconnects) = (totals, errors, disconnects)
    }

    func count(_ outcome: RequestOutcome, waited: Bool) {
      guard let row = RequestOutcome.allCases.firstIndex(of: outcome) else { return }
      totals[row * 2 + (waited ? 1 : 0)].increment()
    }

    /// Counts a failure of the model's server, whether the client is to notice it or not.
    func count(_ error: UpstreamError) {
      if let index = UpstreamError.allCases.firstIndex(of: error) { errors[index].increment() }
    }

    func countDisconnect(_ stage: DisconnectStage) {
      if let index = DisconnectStage.allCases.firstIndex(of: stage) { disconnects[index].increment() }
    }
  }

  private typealias ByModel<Instrument: Sendable> = Family<Instrument, String>

  private let totals: Family<Counter, String, RequestOutcome, Bool>
  private let waits: ByModel<Histogram>
  private let durations: ByModel<Histogram>
  private let firstTokens: ByModel<Histogram>
  private let upstreamFirstTokens: ByModel<Histogram>
  private let overhead: Histogram
  private let tokens: Family<Counter, String, String>
  private let errors: Family<Counter, String, UpstreamError>
  private let disconnects: [Counter]

  init(registry: Registry) {
    totals = registry.counter(
      "switcher_requests_total", help: "Requests by how they ended.", labels: "model", "outcome", "waited")
    waits = registry.histogram(
      "switcher_request_queue_wait_seconds", help: "How long a request waited for its model.", buckets: .queueWait,
      labels: "model")
    durations = registry.histogram(
      "switcher_request_duration_seconds", help: "From the request's first byte to the answer's last.",
      buckets: .requestDuration, labels: "model")
    firstTokens = registry.histogram(
      "switcher_time_to_first_token_seconds",
      help: "From the request's first byte to the first of the answer's body, the wait included.",
      buckets: .timeToFirstToken, labels: "model")
    upstreamFirstTokens = registry.histogram(
      "switcher_upstream_time_to_first_token_seconds",
      help: "From sending a request on to the first byte of the answer's body.", buckets: .timeToFirstToken,
      labels: "model")
    overhead = registry.histogram(
      "switcher_proxy_overhead_seconds",
      help: "What the daemon itself adds to a request: its duration without body, wait and model server.",
      buckets: .overhead)
    tokens = registry.counter(
      "switcher_tokens_total", help: "Tokens by the usage that answers tell.", labels: "model", "type")
    errors = registry.counter(
      "switcher_upstream_errors_total", help: "Failures of the model servers to answer a request.",
      labels: "model", "kind")
    let disconnects: Family<Counter, DisconnectStage> = registry.counter(
      "switcher_client_disconnects_total", help: "Clients that left before their answer was whole.", labels: "stage")
    self.disconnects = DisconnectStage.allCases.map { disconnects[$0] }
  }

  /// The model's share, whose series are made on the first look-up.
  subscript(model: ModelID) -> Model {
    let name = model.name
    return Model(
      queueWait: waits[name], duration: durations[name], firstToken: firstTokens[name],
      upstreamFirstToken: upstreamFirstTokens[name], promptTokens: tokens[name, "prompt"],
      completionTokens: tokens[name, "completion"], overhead: overhead,
      totals: RequestOutcome.allCases.flatMap { outcome in [false, true].map { totals[name, outcome, $0] } },
      errors: UpstreamError.allCases.map { errors[name, $0] }, disconnects: disconnects)
  }
}

extension RequestMetrics.Model {
  /// Enters a request that has ended; each in one model's metrics, that which answered it or was to.
  func record(_ visit: Visit, _ exchange: Exchange, _ outcome: RequestOutcome, at now: Instant) {
    count(outcome, waited: visit.waited)
    if outcome == .cancelled { countDisconnect(visit.grantedAt == nil ? .queued : .streaming) }
    if visit.grantedAt != nil || visit.waited { queueWait.observe(visit.wait.seconds) }
    let total = now.since(exchange.receivedAt)
    duration.observe(total.seconds)
    if let usage = visit.usage.usage {
      promptTokens.increment(by: usage.prompt)
      completionTokens.increment(by: usage.completion)
    }
    guard outcome == .success, let upstream = exchange.record.upstream else { return }
    if let firstByteAt = upstream.firstByteAt {
      firstToken.observe(firstByteAt.since(exchange.receivedAt).seconds)
      upstreamFirstToken.observe(firstByteAt.since(upstream.sentAt).seconds)
    }
    overhead.observe((total - exchange.bodyWait - visit.wait - visit.account.upstream).seconds)
  }
}
