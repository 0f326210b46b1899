internal import Core
internal import HTTP

/// `GET /control/events`: what happens, as it happens, as server-sent events.
struct EventsRoute: Sendable {
  static let path = "/control/events"

  /// So often a stream shows that it lives, whatever happens.
  private static let heartbeat: Duration = .seconds(15)
  private static let contentType = "text/event-stream"
  private static let fields = [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")]

  let hub: EventHub
  let timeline: any Timeline
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, Self.path) { exchange in
      try admission.admit(exchange)
      guard exchange.method == .get else {
        return try await exchange.respond(status: 200, fields: Self.fields, contentType: Self.contentType)
      }
      exchange.yieldToDrain()
      let subscription = hub.subscribe(after: exchange.field(named: "last-event-id"))
      let heart = Task {
        while (try? await timeline.sleep(for: Self.heartbeat)) != nil { subscription.offer(.heartbeat) }
      }
      defer {
        heart.cancel()
        hub.unsubscribe(subscription)
      }
      try await stream(subscription, to: exchange)
    }
  }

  private func stream(_ subscription: Subscription, to exchange: Exchange) async throws {
    try await exchange.begin(status: 200, fields: Self.fields, contentType: Self.contentType)
    // A browser whose stream has ended comes back after this.
    try await exchange.send(Array("retry: 1000\n\n".utf8))
    for event in subscription.opening { try await exchange.send(Array(event.wireText.utf8)) }
    for await piece in subscription.pieces {
      switch piece {
      case .event(let event): try await exchange.send(Array(event.wireText.utf8))
      case .heartbeat: try await exchange.send(Array(": heartbeat\n\n".utf8))
      }
    }
    if subscription.hasOverflown {
      try await exchange.send(Array(StreamEvent.gap("events came faster than they were read").wireText.utf8))
    }
    try await exchange.finish()
  }
}
