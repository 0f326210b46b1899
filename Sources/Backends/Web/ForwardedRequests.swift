package import Core
package import HTTP

/// The clients' requests that are on their way to model servers.
package struct ForwardedRequests: Sendable {
  private let loops: EventLoopGroup
  /// Carries those to services on the web.
  package let web = WebTransfers()

  /// - Parameter loops: carry those to servers nearby.
  package init(loops: EventLoopGroup) { self.loops = loops }

  /// Ends every request that is on its way to that server, soon.
  package func hangUp(on upstream: Upstream, for reason: HangUp) {
    if upstream.web == nil {
      loops.hangUp(on: upstream.origin, for: reason)
    } else {
      web.hangUp(on: upstream, for: reason)
    }
  }
}
