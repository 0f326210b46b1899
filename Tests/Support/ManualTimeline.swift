package import Core
internal import Synchronization

/// A time line that stands still until a test moves it. Sleepers wake in the order of their deadlines.
package final class ManualTimeline: Timeline {
  private struct Sleeper {
    let id: UInt64
    let deadline: Instant
    let continuation: CheckedContinuation<Result<Void, CancellationError>, Never>
  }

  private struct State {
    var now = Instant.zero
    var nextID: UInt64 = 0
    var sleepers: [Sleeper] = []
    var cancelled: Set<UInt64> = []
    var watchers: [(deadline: Instant, continuation: CheckedContinuation<Void, Never>)] = []

    /// Takes out those who wait for somebody to sleep until `deadline`.
    mutating func takeWatchers(of deadline: Instant) -> [CheckedContinuation<Void, Never>] {
      defer { watchers.removeAll { $0.deadline == deadline } }
      return watchers.filter { $0.deadline == deadline }.map(\.continuation)
    }
  }

  private let state = Mutex(State())

  package init() {}

  package var now: Instant { state.withLock { $0.now } }

  /// The earliest instant that somebody sleeps until, nil when nobody does.
  package var nextDeadline: Instant? { state.withLock { $0.sleepers.map(\.deadline).min() } }

  /// Waits until somebody sleeps until `deadline`.
  package func sleeper(until deadline: Instant) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.contains(where: { $0.deadline == deadline }) { return true }
        state.watchers.append((deadline, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  package func sleep(until deadline: Instant) async throws(CancellationError) {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        typealias Outcome = (Result<Void, CancellationError>?, [CheckedContinuation<Void, Never>])
        let (outcome, watchers) = state.withLock { state -> Outcome in
          if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
          if deadline <= state.now { return (.success(()), []) }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
          return (nil, state.takeWatchers(of: deadline))
        }
        for watcher in watchers { watcher.resume() }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: index)
      }
      sleeper?.continuation.resume(returning: .failure(CancellationError()))
    }
    try outcome.get()
  }

  /// Moves the time forward and wakes everyone whose deadline has come, the earliest first.
  package func advance(by duration: Duration) {
    move(by: duration)
    wakeSleepers()
  }

  /// Moves the time forward and lets sleepers sleep on: something else happens first at that moment.
  package func move(by duration: Duration) { state.withLock { $0.now = $0.now + duration } }

  /// Wakes everyone whose deadline has come, the earliest first.
  package func wakeSleepers() {
    let due = state.withLock { state -> [Sleeper] in
      let now = state.now
      let due = state.sleepers.filter { $0.deadline <= now }.sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
      state.sleepers.removeAll { $0.deadline <= now }
      return due
    }
    for sleeper in due { sleeper.continuation.resume(returning: .success(())) }
  }
}
