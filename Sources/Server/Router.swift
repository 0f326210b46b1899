internal import Core
internal import HTTP
internal import Switcher

/// Serves one route; what it throws becomes the answer.
typealias Handler = @Sendable (Exchange) async throws -> Void

/// The same, and tells what it did for the request.
typealias AccountingHandler = @Sendable (Exchange, inout RequestAccount) async throws -> Void

/// Finds the handler of a request by its method and path, turns what handlers throw into answers, and has every request
/// entered into the ledger.
struct Router: Sendable {
  private struct Route {
    /// nil: any.
    let method: HTTPMethod?
    let metrics: HTTPMetrics.Route
    let isAdmin: Bool
    let handler: AccountingHandler

    func answers(_ wanted: HTTPMethod) -> Bool {
      method == nil || method == wanted || (wanted == .head && method == .get)
    }
  }

  private var exact: [String: [Route]] = [:]
  private var prefixes: [(path: String, route: Route)] = []
  private var isAdmin = false
  /// Stands for all that is not served.
  private let unmatched: HTTPMetrics.Route
  private let ledger: RequestLedger
  private let logger: Logger

  init(ledger: RequestLedger, logger: Logger) {
    self.ledger = ledger
    self.logger = logger
    unmatched = ledger.metrics.route("none", of: ledger.listener)
  }

  /// Serves `path` and nothing below it. A route for GET answers HEAD too.
  mutating func add(_ method: HTTPMethod, _ path: String, _ handler: @escaping Handler) {
    add(method, path) { exchange, _ in try await handler(exchange) }
  }

  /// The same, by the method or by any, with a handler that tells what it did.
  mutating func add(_ method: HTTPMethod?, _ path: String, _ handler: @escaping AccountingHandler) {
    exact[path, default: []].append(route(method, path, handler))
  }

  /// Serves everything that begins with `prefix`, by the method or by any, unless an exact route or an earlier prefix does.
  mutating func add(_ method: HTTPMethod? = nil, under prefix: String, _ handler: @escaping Handler) {
    add(method, under: prefix) { exchange, _ in try await handler(exchange) }
  }

  /// The same, with a handler that tells what it did.
  mutating func add(_ method: HTTPMethod? = nil, under prefix: String, _ handler: @escaping AccountingHandler) {
    prefixes.append((prefix, route(method, prefix + "*", handler)))
  }

  /// Adds routes for operators: whatever is asked of them, but for looking, goes into the audit log.
  mutating func addAdminRoutes(_ add: (inout Router) throws -> Void) rethrows {
    isAdmin = true
    defer { isAdmin = false }
    try add(&self)
  }

  private func route(_ method: HTTPMethod?, _ name: String, _ handler: @escaping AccountingHandler) -> Route {
    Route(
      method: method, metrics: ledger.metrics.route(name, of: ledger.listener), isAdmin: isAdmin, handler: handler)
  }

  /// Serves one exchange to its end. Whatever the answer, it bears the request's name and where its time went.
  func serve(_ exchange: Exchange) async {
    exchange.requestID = RequestID.valid(exchange.field(.xRequestID))
    exchange.addResponseField(RequestID.field, exchange.requestID)
    exchange.timing = ServerTiming()
    let path = exchange.path
    var account = RequestAccount()
    var metrics = unmatched
    var isAudited = false
    do {
      let route = try route(for: exchange.method, path)
      metrics = route.metrics
      isAudited = route.isAdmin && exchange.method != .get && exchange.method != .head
      try await route.handler(exchange, &account)
    } catch {
      await answer(exchange, error, path, &account)
    }
    ledger.enter(exchange, path: path, account, metrics, isAudited: isAudited)
  }

  /// Enters a request that is refused before it can be served.
  /// - Returns: what the answer bears besides its own fields.
  func refuse(_ fault: WireFault) -> [(String, String)] { ledger.refuse(fault, unmatched) }

  private func route(for method: HTTPMethod, _ path: String) throws(APIError) -> Route {
    if EnginePaths.mayContain(path), EnginePaths.contains(path) { throw .forbiddenPath(path) }
    let candidates = exact[path] ?? prefixes.filter { path.hasPrefix($0.path) }.map(\.route)
    if let route = candidates.first(where: { $0.answers(method) }) { return route }
    if candidates.isEmpty { throw .notFound(path) }
    throw .methodNotAllowed(method.description, allowed: candidates.compactMap(\.method?.description))
  }

  private func answer(
    _ exchange: Exchange, _ error: any Error, _ path: String, _ account: inout RequestAccount
  ) async {
    let answer: APIError
    switch error {
    case let error as APIError: answer = error
    case ExchangeFailure.refused(let fault): answer = APIError(fault)
    // Nobody is left to answer.
    case is ExchangeFailure: return
    default:
      logger.error(
        "a request failed in an unforeseen way",
        ["path": path, "request_id": exchange.requestID, "error": "\(error)"])
      answer = APIError(status: 500, code: .internalError, message: "internal error")
    }
    account.code = answer.code
    guard !exchange.responseHasBegun else { return exchange.abort() }
    // A client that left before its answer is no longer anybody's business.
    try? await exchange.respond(status: answer.status, fields: answer.fields, body: answer.body(for: path))
  }
}
