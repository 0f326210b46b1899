internal import Core
internal import Switcher

/// The page that shows how everything is: tables that need no script, and a script that keeps them fresh.
///
/// It tells who does what, but not why a model failed: whoever may ask for a model may see it.
struct StatusPage {
  let snapshot: Snapshot
  let traffic: TrafficOverview
  /// The newest first.
  let switches: [SwitchRecord]
  let clock: WallClock
  /// Where the script may follow the events; nil where it may not.
  let events: String?
  /// Marks the page's own style and script as such, so that the browser runs nothing else.
  let nonce: String

  /// What the answer bears besides its body.
  var fields: [(String, String)] {
    let policy = """
      default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'
      """
    return [
      ("Content-Security-Policy", policy), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ("Referrer-Policy", "no-referrer"),
    ]
  }

  var html: HTML {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(headline) · Switcher</title>
    <link rel="icon" href="data:,">
    <noscript><meta http-equiv="refresh" content="5"></noscript>
    <style nonce="\(nonce)">
    \(Self.style)</style>
    </head>
    <body data-events="\(events ?? "")">
    <main>
    <header><h1>Switcher</h1><p>\(headline)</p><p class="quiet">\(mode) · policy \(snapshot.policy)</p></header>
    \(gpuBar)
    <table>
    <caption>Models</caption>
    <thead><tr><th>model<th>state<th class="n">in flight<th class="n">waiting<th class="n">oldest wait\
    <th class="n">a minute<th class="n">mean answer<th class="n">last used<th></tr></thead>
    <tbody>
    \(traffic.entries.map(row))</tbody>
    </table>
    \(history)</main>
    <footer>version \(Version.number) · as of <time>\(clock.text(snapshot.takenAt))</time></footer>
    <script nonce="\(nonce)">
    \(Self.script)</script>
    </body>
    </html>

    """
  }

  private var headline: String {
    if let transition = snapshot.transition {
      return
        "switching: \(transition.from?.name ?? "none") → \(transition.to?.name ?? "none"), \(transition.phase.rawValue)"
    }
    return snapshot.active.map { "active: \($0)" } ?? "idle"
  }

  private var mode: String {
    snapshot.mode.isManual ? "manual mode" + (snapshot.mode.pinned.map { ", pinned to \($0)" } ?? "") : "auto mode"
  }

  // MARK: Models

  private func row(_ entry: TrafficOverview.Entry) -> HTML {
    let model = entry.model
    let perMinute = entry.traffic.rate(over: .seconds(60), at: entry.now) * 60
    return """
      <tr><td>\(model.id)<td><span class="state \(model.state.rawValue)">\(model.state.rawValue)</span>\
      <td class="n">\(model.inFlight)<td class="n">\(model.queueDepth)\
      <td class="n">\(model.queueDepth > 0 ? Self.text(model.oldestWait) : "")\
      <td class="n">\(Int(perMinute.rounded()))<td class="n">\(entry.traffic.meanResponseTime.map(Self.text) ?? "")\
      <td class="n">\(lastUse(entry))<td class="quiet">\(note(model))</tr>

      """
  }

  private func lastUse(_ entry: TrafficOverview.Entry) -> String {
    guard let idle = entry.idleTime else { return "never" }
    return idle == .zero ? "now" : "\(Self.text(idle)) ago"
  }

  private func note(_ model: Snapshot.ModelView) -> String {
    if let failure = model.failure { return "tried again in \(Self.text(failure.retryAfter)) at the earliest" }
    return model.sleepsAt.map { "sleeps in \(Self.text(max($0 - snapshot.takenAt, .zero)))" } ?? ""
  }

  // MARK: The GPU's time

  private var gpuBar: HTML {
    var shares: [GPUUse: Double] = [:]
    for (account, time) in snapshot.gpuTime { shares[account.use, default: 0] += time.seconds }
    let total = shares.values.reduce(0, +)
    guard total > 0 else { return "" }
    var start = 0.0
    var bars: [HTML] = []
    var legend: [HTML] = []
    for use in GPUUse.allCases {
      let width = (shares[use] ?? 0) / total * 100
      guard width > 0 else { continue }
      bars.append("<rect class=\"\(use.rawValue)\" x=\"\(start)\" width=\"\(width)\" height=\"6\"/>")
      legend.append("<li><i class=\"\(use.rawValue)\"></i>\(use.rawValue) \((width * 10).rounded() / 10) %</li>")
      start += width
    }
    return """
      <figure><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="the GPU's time">\(bars)</svg>
      <figcaption>the GPU's time since the start<ul>\(legend)</ul></figcaption></figure>
      """
  }

  // MARK: Switches

  private var history: HTML {
    guard !switches.isEmpty else { return "" }
    return """
      <table>
      <caption>Last switches</caption>
      <thead><tr><th class="n">no.<th>ended<th>from<th>to<th>by<th>outcome<th class="n">drain<th class="n">sleep\
      <th class="n">wake<th class="n">in all</tr></thead>
      <tbody>
      \(switches.map(row))</tbody>
      </table>

      """
  }

  private func row(_ record: SwitchRecord) -> HTML {
    let phases = [SwitchPhase.drain, .sleep, .wake].map { phase -> HTML in
      let time = record.phases.filter { $0.phase == phase }.map(\.duration)
      return "<td class=\"n\">\(time.isEmpty ? "" : Self.text(time.reduce(.zero, +)))"
    }
    return """
      <tr><td class="n">\(record.number)<td>\(Self.text(snapshot.takenAt - record.endedAt)) ago<td>\(record.from?.name ?? "–")\
      <td>\(record.to?.name ?? "–")<td>\(record.trigger.rawValue)\
      <td><span class="\(record.outcome.rawValue)">\(record.outcome.rawValue)</span>\(phases)\
      <td class="n">\(Self.text(record.total))</tr>

      """
  }

  /// As a person says it: "0.25 s", "12 s", "3 min", "5 h".
  private static func text(_ duration: Duration) -> String {
    let seconds = duration.seconds
    switch seconds {
    case ..<10: return "\((seconds * 100).rounded() / 100) s"
    case ..<120: return "\(Int(seconds)) s"
    case ..<7200: return "\(Int(seconds / 60)) min"
    default: return "\(Int(seconds / 3600)) h"
    }
  }
}
