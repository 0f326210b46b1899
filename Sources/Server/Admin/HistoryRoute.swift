internal import Core
internal import HTTP

/// `GET /control/history?limit=N`: the switches that have ended, the newest first.
struct HistoryRoute: Sendable {
  let history: SwitchHistory
  let timeline: any Timeline
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, "/control/history") { exchange in
      try admission.admit(exchange)
      try await exchange.respondAdmin { () throws(AdminError) in
        let clock = WallClock.now(timeline)
        return ["history": .array(history.newest(try Self.limit(exchange.query)).map { JSONValue($0, clock) })]
      }
    }
  }

  private static func limit(_ query: String?) throws(AdminError) -> Int {
    guard let text = QueryItem.value(of: "limit", in: query) else { return 50 }
    guard let limit = Int(text), (1...SwitchHistory.capacity).contains(limit) else {
      throw AdminError(
        400, "limit: found \"\(text.prefix(50))\", expected a number from 1 to \(SwitchHistory.capacity)")
    }
    return limit
  }
}
