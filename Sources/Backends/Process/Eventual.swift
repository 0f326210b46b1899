internal import Core
internal import Synchronization

/// A value that comes once, and that any number of tasks may wait for.
final class Eventual<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiters: [Int: CheckedContinuation<Value?, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())

  /// The value if it has come.
  var current: Value? { state.withLock { $0.value } }

  /// Sets the value and resumes everyone who waits for it; a second value is ignored.
  func resolve(_ value: Value) {
    let waiters = state.withLock { state in
      guard state.value == nil else { return [Int: CheckedContinuation<Value?, Never>]() }
      state.value = value
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume(returning: value) }
  }

  /// Waits for the value; nil when the task is cancelled before it comes.
  func value() async -> Value? {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome: Value?? = state.withLock { state in
          if let value = state.value { return .some(value) }
          // Looked at under the lock that the handler takes too: one of the two sees the other.
          if Task.isCancelled { return .some(nil) }
          state.waiters[id] = continuation
          return .none
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.resume(returning: nil)
    }
  }

  /// Waits for the value for at most `timeout`, whether the task is cancelled or not; nil when it has not come.
  func value(within timeout: Duration, on timeline: any Timeline) async -> Value? {
    let race = Task {
      await withTaskGroup(of: Value?.self) { group in
        group.addTask { await self.value() }
        group.addTask {
          try? await timeline.sleep(for: timeout)
          return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
      }
    }
    return await race.value
  }
}
