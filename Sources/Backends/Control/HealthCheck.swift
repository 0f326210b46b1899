internal import Core
internal import HTTP

extension ServerControl {
  /// Waits until the server answers 200 on its health path. A server that accepts and never answers is asked again, so
  /// that one lost request does not cost the whole time-out.
  /// - Throws: when it is not healthy after `timeout`; the failure says what the last look found.
  func awaitHealth(at path: String, within timeout: Duration) async throws(RuntimeFailure) {
    try await waitUntil("healthy", within: timeout) { timeout throws(RuntimeFailure) in
      do throws(ClientFailure) {
        let answer = try await ask(.get, path, timeout: timeout)
        return answer.status == 200 ? .asHoped : .notYet("GET \(path) \(answer.description)")
      } catch {
        return .notYet(error.description)
      }
    }
  }

  /// Whether the server answers 200 on its health path, within 5 s.
  func isHealthy(at path: String) async -> Bool {
    (try? await ask(.get, path, timeout: .seconds(5)))?.status == 200
  }

  /// Whether a server that somebody else runs may live still, after it refused or dropped a request: it answers 200 on its
  /// health path, or takes the question and is too busy to answer it. One that nobody can connect to, that drops the
  /// question too or that says it is ill does not. Either way it is told to sleep before another model is woken.
  func mayLive(at path: String, within timeout: Duration = .seconds(5)) async -> Bool {
    do throws(ClientFailure) {
      return try await ask(.get, path, timeout: timeout).status == 200
    } catch {
      return error.kind == .timedOut
    }
  }

  /// Has the server give the GPU up by `order`. One that can't even be connected to has ended, and holds nothing until
  /// whoever runs it brings it back.
  /// - Returns: whether the order was carried out; if not, nobody listens.
  /// - Throws: when the order failed and somebody still listens, or does not say that nobody does.
  func end(_ order: () async throws(RuntimeFailure) -> Void) async throws(RuntimeFailure) -> Bool {
    do throws(RuntimeFailure) {
      try await order()
      return true
    } catch {
      // That there is no route is known only after two or three seconds.
      guard await !isListening(at: healthPath, within: .seconds(5)) else { throw error }
      logger.warning("nobody listens for the server any more, so it is taken to have ended", ["failure": error.message])
      return false
    }
  }

  /// Whether a server listens at all, be it busy or ill. A 502 comes from a proxy that got no answer out of the server
  /// (RFC 9110, section 15.6.3), as when nobody listens behind it. A 503 may be the server's own word, while it loads or
  /// its engine is dead; a 504 tells no more than no answer in time does.
  func isListening(at path: String, within timeout: Duration = .seconds(1)) async -> Bool {
    do throws(ClientFailure) {
      return try await ask(.get, path, timeout: timeout).status != 502
    } catch {
      return error.kind != .notConnected
    }
  }
}
