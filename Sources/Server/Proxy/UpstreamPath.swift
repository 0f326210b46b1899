internal import Core
internal import HTTP

/// Paths that name a model: `/upstream/{model}/{path…}`.
enum UpstreamPath {
  static let prefix = "/upstream/"

  /// Splits a request's path and query into the model and what its server is asked for, whose percent-encoding stays as it came.
  ///
  /// A model's name may hold slashes, encoded or not; the longest name that fits wins.
  /// - Throws: `model_not_found`; `forbidden_path` for what only the daemon may ask.
  static func resolve(
    _ path: String, query: String?, in directory: ModelDirectory
  ) throws(APIError) -> (ModelDirectory.Entry, target: String) {
    let query = query.map { "?\($0)" } ?? ""
    let rest = path.dropFirst(prefix.count)
    var ends = rest.indices.filter { rest[$0] == "/" }
    ends.append(rest.endIndex)
    for end in ends.reversed() {
      let name = percentDecoded(rest[..<end])
      guard directory.contains(name) else { continue }
      let remainder = rest[end...]
      if EnginePaths.contains(remainder) { throw .forbiddenPath(path) }
      return (try directory.entry(named: name), (remainder.isEmpty ? "/" : String(remainder)) + query)
    }
    let first = percentDecoded(rest.prefix { $0 != "/" })
    throw .unknownModel(first, known: directory.models.map(\.name))
  }

  /// Whether a request for `target` only looks how the server is, as monitors do time and again.
  static func isProbe(_ method: HTTPMethod, _ target: String) -> Bool {
    guard method == .get || method == .head else { return false }
    return ["/health", "/metrics", "/ping"].contains(target.prefix { $0 != "?" })
  }

  /// What the server is asked for: `target`, nil for what the client asked for, below the server's base path. Nil where that
  /// is just what the client asked for.
  static func join(_ base: String, _ target: String?, asking exchange: Exchange) -> String? {
    base.isEmpty ? target : join(base, target ?? exchange.target)
  }

  /// A target below a server's base path. A base that ends in /v1, as OpenAI's clients write it, is not doubled.
  static func join(_ base: String, _ target: String) -> String {
    guard !base.isEmpty else { return target }
    if base.hasSuffix("/v1"), target.hasPrefix("/v1/") { return base.dropLast(3) + target }
    return base + target
  }
}
