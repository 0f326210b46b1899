import Backends
import Core
import HTTP
import TestSupport
import Testing

@testable import Server

/// What a service or the forwarding has told a test, in order.
final class Notes: Sendable {
  private let stream = AsyncStream<String>.makeStream()
  func add(_ note: String) { stream.continuation.yield(note) }
  var next: String? {
    get async { await stream.stream.first { _ in true } }
  }
}

/// A client, the daemon's forwarding, and a service on the web whose part a test plays.
struct WebWorld {
  let loops: EventLoopGroup
  let front: SocketAddress
  let upstream: Upstream
  let web: WebTransfers
  /// How the forwarding failed.
  let failures: Notes

  func client() async throws -> RawConnection { try await RawConnection(to: front, on: loops.next()) }

  /// Sends a request for a completion; returns all that comes of it until the connection ends.
  func answer(_ body: String = "{}", fields: String = "") async throws -> String {
    let client = try await client()
    try await client.send(
      "POST /v1/completions?x=1 HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json\r\n"
        + "\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    defer { client.close() }
    return try await client.read(until: "\u{0}")
  }
}

/// Runs `body` in such a world, and ends it after.
/// - Parameters:
///   - edit: of the request's body.
///   - authorization: the service's own, if it has any.
func withWebWorld(
  edit: ForwardPlan.BodyEdit? = nil, authorization: String? = "Bearer service",
  service: @escaping @Sendable (Exchange) async throws(ExchangeFailure) -> Void,
  _ body: (WebWorld) async throws -> Void
) async throws {
  let loops = try EventLoopGroup(count: 1)
  let anywhere = try SocketAddress("127.0.0.1:0")
  let back = HTTPServer(address: anywhere, limits: .patient, loops: loops, logger: .silent) { exchange in
    // What fails is seen by the forwarding.
    try? await service(exchange)
  }
  let address = try await back.start()
  let access = WebAccess(scheme: .http, authorization: authorization)
  let upstream = Upstream(origin: Origin(host: address.host, port: address.port), web: access)
  let web = ForwardedRequests(loops: loops).web
  let failures = Notes()
  let front = HTTPServer(address: anywhere, limits: .patient, loops: loops, logger: .silent) { exchange in
    var plan = ForwardPlan(origin: upstream.origin)
    plan.bodyEdit = edit
    exchange.timing = ServerTiming()
    plan.addedFields = [("x-added", "1")]
    do throws(ForwardFailure) {
      try await WebForwarding(transfers: web).forward(exchange, plan, to: upstream, by: access)
    } catch {
      failures.add("\(error)")
      if !exchange.responseHasBegun { try? await exchange.respond(status: 502, body: "failed") }
    }
  }
  let world = WebWorld(loops: loops, front: try await front.start(), upstream: upstream, web: web, failures: failures)
  do {
    try await body(world)
  } catch {
    Issue.record(error)
  }
  for server in [front, back] { server.stopAccepting() }
  for server in [front, back] { await server.drain(until: .zero) }
  await loops.shutdown()
}
