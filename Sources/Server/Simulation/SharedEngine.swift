/// The requests in flight on the awake model, which share its speed (processor sharing).
///
/// A virtual clock advances with the speed that each request has at the moment; a request ends when that clock has
/// advanced by its work.
struct SharedEngine {
  private let slowdown: Double
  private var running: [(visit: Int, end: Double)] = []
  private var virtualTime = 0.0
  private var updatedAt: Int64 = 0
  /// Counts the changes of what runs: a completion that was foreseen before one no longer holds.
  private(set) var version = 0
  private var foreseenVersion = -1

  init(slowdown: Double) { self.slowdown = slowdown }

  var isIdle: Bool { running.isEmpty }

  mutating func start(_ visit: Int, work: Double, at now: Int64) {
    advance(to: now)
    running.append((visit, virtualTime + work))
    version += 1
  }

  /// Takes out the requests whose work is done by now, in the order of their ends.
  mutating func complete(at now: Int64) -> [Int] {
    advance(to: now)
    let tolerance = 1e-9
    let done = running.filter { $0.end <= virtualTime + tolerance }.sorted { $0.end < $1.end }
    running.removeAll { $0.end <= virtualTime + tolerance }
    version += 1
    return done.map(\.visit)
  }

  /// When the next request ends, unless that was told already; nil when nothing has changed or nothing runs.
  mutating func foresee(at now: Int64) -> (version: Int, microseconds: Int64)? {
    guard foreseenVersion != version, let end = running.map(\.end).min() else { return nil }
    foreseenVersion = version
    advance(to: now)
    let remaining = max((end - virtualTime) / speed * 1_000_000, 0)
    return (version, now + Int64((remaining - 1e-6).rounded(.up)))
  }

  private var speed: Double { 1 / (1 + slowdown * Double(max(running.count - 1, 0))) }

  private mutating func advance(to now: Int64) {
    virtualTime += Double(now - updatedAt) / 1_000_000 * speed
    updatedAt = now
  }
}
