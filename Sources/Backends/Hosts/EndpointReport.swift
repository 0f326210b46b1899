internal import Core
internal import Foundation

/// What the service says of an inference endpoint (GET /endpoint/{namespace}/{name}), as far as it is needed.
struct EndpointReport: Decodable, Sendable {
  struct Status: Decodable, Sendable {
    let state: String
    let message: String?
    /// Where requests go; nil until there is something to answer them.
    let url: String?
  }

  let status: Status
  let healthRoute: String?

  /// What follows from it.
  enum Phase: Hashable, Sendable {
    /// It serves, once its health route answers 200.
    case running(url: String)
    /// It wakes with a request, and answers 502 or 503 until then.
    case scaledToZero(url: String)
    /// It must be told to go on.
    case paused
    /// It is on its way, or in a state that is not known here.
    case starting
    /// It won't get any further by itself.
    case failed
  }

  var phase: Phase {
    switch (status.state, status.url) {
    case ("running", let url?): .running(url: url)
    case ("scaledToZero", let url?): .scaledToZero(url: url)
    case ("paused", _): .paused
    case ("failed", _), ("updateFailed", _): .failed
    default: .starting
    }
  }

  /// Whether nothing runs, so that nothing is held or charged for.
  var isAsleep: Bool { ["paused", "scaledToZero", "failed"].contains(status.state) }

  var story: String { [status.state, status.message ?? ""].filter { !$0.isEmpty }.joined(separator: ": ") }
}

extension Upstream {
  /// Where an endpoint answers, by the URL that its status names; nil for what is no such URL.
  init?(endpointURL: String, modelName: String?, authorization: String) {
    guard let url = URLComponents(string: endpointURL), let host = url.host, !host.isEmpty,
      let scheme = WebAccess.Scheme(rawValue: url.scheme?.lowercased() ?? ""),
      let port = UInt16(exactly: url.port ?? (scheme == .https ? 443 : 80))
    else { return nil }
    var path = url.percentEncodedPath
    while path.hasSuffix("/") { path.removeLast() }
    self.init(
      origin: Origin(host: host, port: port), basePath: path, modelName: modelName,
      web: WebAccess(scheme: scheme, authorization: authorization))
  }
}
