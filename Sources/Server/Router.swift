internal import Core
internal import HTTP
internal import Switcher

/// Serves one route; what it throws becomes the answer.
typealias Handler = @Sendable (Exchange) async throws -> Void

/// Finds the handler of a request by its method and path, and turns what handlers throw into answers.
struct Router: Sendable {
  private struct Prefix {
    let path: String
    /// nil: any.
    let method: HTTPMethod?
    let handler: Handler
  }

  private var exact: [String: [(method: HTTPMethod, handler: Handler)]] = [:]
  private var prefixes: [Prefix] = []
  private let logger: Logger

  init(logger: Logger) { self.logger = logger }

  /// Serves `path` and nothing below it. A route for GET answers HEAD too.
  mutating func add(_ method: HTTPMethod, _ path: String, _ handler: @escaping Handler) {
    exact[path, default: []].append((method, handler))
  }

  /// Serves everything that begins with `prefix`, by the method or by any, unless an exact route or an earlier prefix does.
  mutating func add(_ method: HTTPMethod? = nil, under prefix: String, _ handler: @escaping Handler) {
    prefixes.append(Prefix(path: prefix, method: method, handler: handler))
  }

  /// Serves one exchange to its end. Whatever the answer, it bears the request's name.
  func serve(_ exchange: Exchange) async {
    exchange.requestID = RequestID.valid(exchange.field(.xRequestID))
    exchange.addResponseField(RequestID.field, exchange.requestID)
    let path = exchange.path
    do {
      try await handler(for: exchange.method, path)(exchange)
    } catch let error as APIError {
      await answer(exchange, error, path)
    } catch ExchangeFailure.refused(let fault) {
      await answer(exchange, APIError(status: fault.status, code: fault.code, message: fault.message), path)
    } catch is ExchangeFailure {
      // Nobody is left to answer.
    } catch {
      logger.error(
        "a request failed in an unforeseen way",
        ["path": path, "request_id": exchange.requestID, "error": "\(error)"])
      await answer(exchange, APIError(status: 500, code: "internal_error", message: "internal error"), path)
    }
  }

  private func handler(for method: HTTPMethod, _ path: String) throws(APIError) -> Handler {
    if EnginePaths.mayContain(path), EnginePaths.contains(path) { throw .forbiddenPath(path) }
    if let routes = exact[path] {
      let wanted = method == .head ? HTTPMethod.get : method
      if let route = routes.first(where: { $0.method == method || $0.method == wanted }) { return route.handler }
      throw .methodNotAllowed(method.description, allowed: routes.map(\.method.description))
    }
    let prefixes = prefixes.filter { path.hasPrefix($0.path) }
    let wanted = method == .head ? HTTPMethod.get : method
    if let prefix = prefixes.first(where: { $0.method == nil || $0.method == method || $0.method == wanted }) {
      return prefix.handler
    }
    if prefixes.isEmpty { throw .notFound(path) }
    throw .methodNotAllowed(method.description, allowed: prefixes.compactMap(\.method?.description))
  }

  private func answer(_ exchange: Exchange, _ error: APIError, _ path: String) async {
    guard !exchange.responseHasBegun else { return exchange.abort() }
    // A client that left before its answer is no longer anybody's business.
    try? await exchange.respond(
      status: error.status, fields: error.fields, body: error.body(for: path))
  }
}
