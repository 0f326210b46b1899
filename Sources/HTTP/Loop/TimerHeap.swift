internal import Core

/// Deadlines in the order they fall due: a binary heap of values, which knows neither clock nor callback.
///
/// Entries are never taken out early. Whoever set one and no longer wants it ignores it when it comes: that is what makes
/// moving a deadline cost a store.
struct TimerHeap {
  struct Entry {
    let deadline: Instant
    /// Who set it, in the owner's own numbering.
    let key: UInt64
  }

  private var entries: [Entry] = []

  /// When the next entry falls due, nil when there is none.
  var nextDeadline: Instant? { entries.first?.deadline }

  var count: Int { entries.count }

  mutating func insert(deadline: Instant, key: UInt64) {
    var index = entries.count
    let entry = Entry(deadline: deadline, key: key)
    entries.append(entry)
    while index > 0 {
      let parent = (index - 1) / 2
      guard deadline < entries[parent].deadline else { break }
      entries[index] = entries[parent]
      index = parent
    }
    entries[index] = entry
  }

  /// Takes the earliest entry out if its deadline has come.
  mutating func popDue(at now: Instant) -> Entry? {
    guard let first = entries.first, first.deadline <= now, let last = entries.popLast() else { return nil }
    guard !entries.isEmpty else { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline { child += 1 }
      guard entries[child].deadline < last.deadline else { break }
      entries[index] = entries[child]
      index = child
    }
    entries[index] = last
    return first
  }
}
