internal import Core

/// When the policy is to be asked again.
///
/// Every instant that it names stays an occasion to ask it, also after an event on which it named another: what it waits
/// for then is noticed sooner than by the latest answer alone. There is a bound to that. An instant may be dropped if an
/// earlier one is kept, since the policy is asked at that one and names the later again if it still wants it. So of those
/// that lie closer to each other than `spacing` only the earliest is kept, and of all of them the `limit` earliest: however
/// many events there are, the policy is not asked more than a hundred times a second for its own answers' sake.
struct Rechecks: Sendable {
  static let spacing: Duration = .milliseconds(10)
  static let limit = 64

  /// The latest first, so that the next one is taken out at the end.
  private(set) var occasions: [Instant] = []
  /// What the policy's last answer named.
  private(set) var latest: Instant?

  init() { occasions.reserveCapacity(Self.limit + 1) }

  var next: Instant? { occasions.last }

  mutating func add(_ instant: Instant) {
    latest = instant
    var position = occasions.endIndex
    while position > 0, occasions[position - 1] < instant { position -= 1 }
    if position < occasions.endIndex, instant - occasions[position] < Self.spacing { return }
    while position > 0, occasions[position - 1] - instant < Self.spacing {
      position -= 1
      occasions.remove(at: position)
    }
    occasions.insert(instant, at: position)
    if occasions.count > Self.limit { occasions.removeFirst() }
  }

  /// Whether the last answer's own instant has come, and not only another occasion.
  func isDue(at now: Instant) -> Bool { latest.map { $0 <= now } ?? false }

  /// Forgets the occasions that have come.
  mutating func pass(_ now: Instant) {
    while let next, next <= now { occasions.removeLast() }
  }

  mutating func removeAll() {
    latest = nil
    if !occasions.isEmpty { occasions.removeAll(keepingCapacity: true) }
  }
}
