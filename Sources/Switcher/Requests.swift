package import Core

/// A request's place in the switcher's books: issued on arrival, in the order of arrival, answered exactly once.
package struct Ticket: Hashable, Sendable, Comparable {
  package let number: UInt64

  package init(number: UInt64) { self.number = number }

  package static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }
}

/// A request that is in flight on a model. Whoever holds a grant is counted, from the very step that made it; it is given
/// back exactly once, with `requestFinished`.
package struct Grant: Hashable, Sendable {
  package let ticket: Ticket
  package let model: ModelID
  /// The life of the server that it was granted on: a late finish must not touch the next one.
  package let instance: Instance
  package let grantedAt: Instant
  /// Whether the request had to wait in the queue.
  package let waited: Bool
  /// How much of its wait was that of the switch to its model.
  package let switching: Duration
}

/// A request in a model's queue.
struct Waiter: Sendable {
  let ticket: Ticket
  let arrival: Instant
  let deadline: Instant
}

/// The requests that wait for one model, in the order of their arrival.
struct WaitingQueue: Sendable {
  private var waiters: [Waiter] = []
  private var firstIndex = 0
  /// The sum of (arrival - origin) over all waiters, so that the sum of their ages needs no pass over them.
  private var sumOfOffsets: Duration = .zero
  private var origin = Instant.zero
  /// Never later than the earliest deadline; may be earlier after a waiter left.
  private(set) var nextDeadline = Instant.distantFuture

  var count: Int { waiters.count - firstIndex }
  var isEmpty: Bool { count == 0 }
  var first: Waiter? { isEmpty ? nil : waiters[firstIndex] }

  func sumOfAges(at now: Instant) -> Duration { (now - origin) * count - sumOfOffsets }

  mutating func append(_ waiter: Waiter) {
    if isEmpty { origin = waiter.arrival }
    waiters.append(waiter)
    sumOfOffsets += waiter.arrival - origin
    nextDeadline = min(nextDeadline, waiter.deadline)
  }

  mutating func popFirst() -> Waiter? {
    guard let waiter = first else { return nil }
    firstIndex += 1
    left(waiter)
    if firstIndex > 32, firstIndex * 2 > waiters.count {
      waiters.removeFirst(firstIndex)
      firstIndex = 0
    }
    return waiter
  }

  /// Takes a waiter out of the queue; nil when it is not in it.
  mutating func remove(_ ticket: Ticket) -> Waiter? {
    var low = firstIndex
    var high = waiters.count
    while low < high {
      let middle = (low + high) / 2
      if waiters[middle].ticket < ticket { low = middle + 1 } else { high = middle }
    }
    guard low < waiters.count, waiters[low].ticket == ticket else { return nil }
    let waiter = waiters.remove(at: low)
    left(waiter)
    return waiter
  }

  /// Takes out everyone whose deadline has come.
  mutating func removeExpired(at now: Instant) -> [Waiter] {
    guard nextDeadline <= now else { return [] }
    let all = removeAll()
    for waiter in all where now < waiter.deadline { append(waiter) }
    return all.filter { $0.deadline <= now }
  }

  mutating func removeAll() -> [Waiter] {
    let all = Array(waiters[firstIndex...])
    self = WaitingQueue()
    return all
  }

  private mutating func left(_ waiter: Waiter) {
    sumOfOffsets -= waiter.arrival - origin
    if isEmpty { self = WaitingQueue() }
  }
}
