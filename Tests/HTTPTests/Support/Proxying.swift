import Core
import TestSupport

@testable import HTTP

/// Runs `test` with a server that forwards all it gets to an upstream whose part the test plays, and that keeps the
/// connections to it however long they are idle.
func withProxy(
  _ limits: ServerLimits = .patient, readsBody: Bool = true,
  plan change: @escaping @Sendable (inout ForwardPlan) -> Void = { _ in },
  _ test: (TestServer, ScriptedUpstream, Forwards) async throws -> Void
) async throws {
  let upstream = try await ScriptedUpstream()
  let forwards = Forwards()
  let origin = upstream.origin
  try await withServer(limits) { exchange in
    var plan = ForwardPlan(origin: origin)
    change(&plan)
    if readsBody { do { try await exchange.readBody() } catch { return } }
    await forwards.forward(exchange, plan)
  } _: { server in
    for loop in server.loops.loops { await loop.run { loop.upstreams.longestIdle = Interval(.seconds(600)) } }
    try await test(server, upstream, forwards)
  }
  await upstream.close()
}

extension ServerLimits {
  /// For heads with a `filler`.
  static var roomy: ServerLimits {
    var limits = patient
    limits.headBytes = 8 << 20
    return limits
  }
}

extension String {
  /// A field that makes a request's head larger than what the sockets between here and a server that does not read hold.
  static let filler = "X-Filler: \(String(repeating: "x", count: 6 << 20))\r\n"
}

/// The results of the exchanges that a proxy forwarded, one after another.
final class Forwards: Sendable {
  private let results: AsyncStream<Result<AnswerRecord, ForwardFailure>>
  private let sink: AsyncStream<Result<AnswerRecord, ForwardFailure>>.Continuation

  init() { (results, sink) = AsyncStream.makeStream() }

  /// Forwards, answers a failure with a status of its own, and notes the result.
  func forward(_ exchange: Exchange, _ plan: ForwardPlan) async {
    do {
      try await exchange.forward(plan)
      sink.yield(.success(exchange.record))
    } catch {
      switch error {
      case .notTaken(let reason): try? await exchange.respond(status: 502, body: "not taken: \(reason)")
      case .noAnswer(let reason): try? await exchange.respond(status: 502, body: "no answer: \(reason)")
      case .timedOut: try? await exchange.respond(status: 504)
      case .drained(let reason, bytesSent: nil): try? await exchange.respond(status: 502, body: "drained: \(reason)")
      case .cut, .drained, .refused, .clientGone: break
      }
      sink.yield(.failure(error))
    }
  }

  /// The next result that nobody has asked for yet.
  func next() async -> Result<AnswerRecord, ForwardFailure>? {
    for await result in results { return result }
    return nil
  }

  var nextFailure: ForwardFailure? {
    get async { if case .failure(let failure) = await next() { failure } else { nil } }
  }
}

extension ForwardFailure {
  /// The case without the text.
  var kind: String {
    switch self {
    case .notTaken: "notTaken"
    case .noAnswer: "noAnswer"
    case .timedOut: "timedOut"
    case .cut(_, let bytesSent): "cut after \(bytesSent)"
    case .drained(_, let bytesSent): "drained after \(bytesSent.map(String.init) ?? "nothing")"
    case .refused: "refused"
    case .clientGone: "clientGone"
    }
  }
}
