internal import Core
internal import Metrics

/// How a request ended, as its metrics see it.
enum RequestOutcome: String, Sendable, CaseIterable, LabelValue {
  case success
  /// The model server found fault with the request (4xx).
  case clientError = "client_error"
  /// The model server failed, or died.
  case upstreamError = "upstream_error"
  /// Turned away: the queue was full, the model could not be made ready, or the daemon is shutting down.
  case rejected
  /// Turned away because manual mode serves another model.
  case refused
  /// Waited too long.
  case timeout
  /// The client left.
  case cancelled
}

/// The metrics of the requests for the models: every series exists from the start, and the hot path, which has a model's
/// share from the directory, looks nothing up.
struct RequestMetrics: Sendable {
  /// One model's share.
  struct Model: Sendable {
    let queueWait: Histogram
    let duration: Histogram
    private let totals: [Counter]

    fileprivate init(queueWait: Histogram, duration: Histogram, totals: [Counter]) {
      self.queueWait = queueWait
      self.duration = duration
      self.totals = totals
    }

    func count(_ outcome: RequestOutcome, waited: Bool) {
      guard let row = RequestOutcome.allCases.firstIndex(of: outcome) else { return }
      totals[row * 2 + (waited ? 1 : 0)].increment()
    }
  }

  private let totals: Family<Counter, String, RequestOutcome, Bool>
  private let waits: Family<Histogram, String>
  private let durations: Family<Histogram, String>

  init(registry: Registry) {
    totals = registry.counter(
      "switcher_requests_total", help: "Requests by how they ended.",
      labels: Label<String>("model"), Label<RequestOutcome>("outcome"), Label<Bool>("waited"))
    waits = registry.histogram(
      "switcher_request_queue_wait_seconds", help: "How long a request waited for its model.", buckets: .queueWait,
      labels: Label<String>("model"))
    durations = registry.histogram(
      "switcher_request_duration_seconds", help: "From the request's first byte to the answer's last.",
      buckets: .requestDuration, labels: Label<String>("model"))
  }

  /// The model's share, whose series are made on the first look-up.
  subscript(model: ModelID) -> Model {
    let counters = RequestOutcome.allCases.flatMap { outcome in
      [false, true].map { totals[model.name, outcome, $0] }
    }
    return Model(queueWait: waits[model.name], duration: durations[model.name], totals: counters)
  }
}
