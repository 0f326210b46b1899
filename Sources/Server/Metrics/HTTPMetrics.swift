internal import HTTP
internal import Metrics

/// The metrics of HTTP itself, whatever is asked for. Labels are the routes as they are registered, never paths.
struct HTTPMetrics: Sendable {
  /// Which of the daemon's addresses.
  enum Listener: String, Sendable, CaseIterable, LabelValue {
    case client, admin, metrics
  }

  /// One route's answers.
  struct Route: Sendable {
    /// Nearly all answers have this status, so it is looked up once.
    private let ok: Counter
    private let count: @Sendable (Int) -> Counter

    fileprivate init(_ responses: Family<Counter, Listener, String, Int>, _ listener: Listener, _ name: String) {
      ok = responses[listener, name, 200]
      count = { responses[listener, name, $0] }
    }

    func count(_ status: Int) { (status == 200 ? ok : count(status)).increment() }
  }

  private let responses: Family<Counter, Listener, String, Int>
  private let rejections: [Counter]
  private let connections: Collected<Listener>

  init(registry: Registry) {
    responses = registry.counter(
      "switcher_http_responses_total", help: "Answers whose head went out.", labels: "listener", "route", "code")
    let rejected: Family<Counter, ErrorCode> = registry.counter(
      "switcher_requests_rejected_total", help: "Requests that the daemon itself answered with an error.",
      labels: "reason")
    rejections = ErrorCode.allCases.map { rejected[$0] }
    connections = registry.gauge("switcher_http_connections", help: "Open connections.", labels: "listener")
  }

  /// The share of a route, whose series are made here.
  func route(_ name: String, of listener: Listener) -> Route { Route(responses, listener, name) }

  func countRejection(_ code: ErrorCode) {
    if let index = ErrorCode.allCases.firstIndex(of: code) { rejections[index].increment() }
  }

  /// Has the connections of each server told at each scrape.
  func expose(_ servers: [(Listener, HTTPServer)], registry: Registry) {
    registry.collect { [connections] samples in
      for (listener, server) in servers { samples.set(connections, listener, to: server.connectionCount) }
    }
  }
}
