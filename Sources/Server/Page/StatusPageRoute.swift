internal import Core
internal import HTTP
internal import Switcher

/// `GET /`: the status page.
struct StatusPageRoute: Sendable {
  private static let shownSwitches = 10

  let switcher: ModelSwitcher
  let monitor: TrafficMonitor
  let history: SwitchHistory
  let timeline: any Timeline
  /// Where a browser that shows the page may follow the events; nil where they are elsewhere, or not for everyone.
  let events: String?

  func add(to router: inout Router) {
    router.add(.get, "/") { exchange in
      let snapshot = await switcher.snapshot()
      let page = StatusPage(
        snapshot: snapshot, traffic: TrafficOverview(snapshot, monitor), switches: history.newest(Self.shownSwitches),
        clock: .now(timeline), events: events, nonce: RequestID.valid(nil))
      try await exchange.respond(
        status: 200, fields: page.fields, contentType: "text/html; charset=utf-8", body: page.html.text)
    }
  }
}
