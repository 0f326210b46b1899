internal import Core

extension Exchange {
  /// Sends the request to a model server and its answer to the client, each as it comes. What has been read of the body goes
  /// out with the head, the rest is streamed.
  ///
  /// No answer may have begun. Fields added with `addResponseField` go out with the server's. When it returns the answer has
  /// been sent whole; whether it returns or throws, `record` tells what came of it.
  /// - Throws: `ForwardFailure`; each case tells whether the client has still to be answered.
  package func forward(
    _ plan: ForwardPlan, tap: AnswerTap = { _, _ in }
  ) async throws(ForwardFailure) {
    loop.assertIsCurrent()
    precondition(!responseHasBegun, "an exchange is answered once")
    guard !runner.upstreamWait.isAborted else { throw .clientGone }
    do {
      try checkLength()
      if !decoder.isComplete { try takeIn() }
    } catch {
      throw ForwardFailure(error)
    }
    let pool = loop.upstreams
    let server = pool.server(at: plan.origin)
    if let reused = pool.take(from: server, at: loop.now) {
      do {
        return try await forward(plan, over: reused, of: server, tap)
      } catch .notTaken where !runner.upstreamWait.isAborted {
        // The server has closed the connection just as the request went out; a fresh one can't be stale.
      }
    }
    let fresh: UpstreamConnection
    do {
      fresh = try await Dialler.connect(
        to: plan.origin, within: plan.connectTimeout, on: loop, abortedBy: runner.upstreamWait)
    } catch {
      if runner.upstreamWait.isAborted { throw .clientGone }
      throw .notTaken(error.reason)
    }
    try await forward(plan, over: fresh, of: server, tap)
  }

  private func forward(
    _ plan: ForwardPlan, over upstream: UpstreamConnection, of server: UpstreamServer, _ tap: AnswerTap
  ) async throws(ForwardFailure) {
    runner.upstreamWait.attach(upstream.channel)
    server.use(upstream, for: connection.channel)
    defer {
      runner.upstreamWait.detach()
      server.release(upstream)
    }
    var forwarding = Forwarding(exchange: self, upstream: upstream)
    do throws(ForwardFailure) {
      try await forwarding.run(plan, server, tap)
      if forwarding.canReuseConnection {
        loop.upstreams.put(upstream, to: server)
      } else {
        upstream.channel.close()
      }
    } catch {
      upstream.channel.close()
      throw error
    }
  }
}
