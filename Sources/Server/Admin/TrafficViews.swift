internal import Core
internal import HTTP
internal import Switcher

/// Answers what is asked about the models' traffic: each view sees the question and everything at the same instant.
struct TrafficViews: Sendable {
  let switcher: ModelSwitcher
  let monitor: TrafficMonitor
  let timeline: any Timeline
  let admission: AdminGuard

  /// What one route shows.
  typealias View = @Sendable (TrafficQuery, TrafficOverview, WallClock) throws(AdminError) -> JSONValue

  /// Answers with what the view makes of it.
  func answer(_ exchange: Exchange, _ view: View) async throws {
    try admission.admit(exchange)
    let overview = TrafficOverview(await switcher.snapshot(), monitor)
    try await exchange.respondAdmin { () throws(AdminError) in
      try view(try TrafficQuery(exchange.query), overview, .now(timeline))
    }
  }
}
