import Synchronization

/// A value that one side sets once and others wait for.
final class Signal<Value: Sendable>: Sendable {
  private enum State {
    case pending([CheckedContinuation<Value, Never>])
    case set(Value)
  }

  private let state = Mutex(State.pending([]))

  /// Sets the value; only the first one counts.
  func set(_ value: Value) {
    let waiters = state.withLock { state -> [CheckedContinuation<Value, Never>] in
      guard case .pending(let waiters) = state else { return [] }
      state = .set(value)
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: value) }
  }

  /// The value, as soon as there is one.
  var value: Value {
    get async {
      await withCheckedContinuation { continuation in
        let value = state.withLock { state -> Value? in
          switch state {
          case .set(let value): return value
          case .pending(let waiters):
            state = .pending(waiters + [continuation])
            return nil
          }
        }
        if let value { continuation.resume(returning: value) }
      }
    }
  }
}

extension Signal where Value == Void {
  func set() { set(()) }
}
