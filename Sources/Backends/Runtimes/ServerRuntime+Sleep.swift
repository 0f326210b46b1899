internal import Core

/// A server that frees the GPU while its process lives on, and takes it again.
extension ServerRuntime {
  /// Has the server free the GPU in that way. After a failure it is the caller who stops the server.
  func put(_ life: Life, toSleepBy method: EvictionMethod, _ mode: SleepMode) async throws(RuntimeFailure) {
    try await whileAlive(life, until: "it was asleep") { [control, plan] () async throws(RuntimeFailure) in
      try await control.sleep(mode, timeout: plan.sleepTimeout)
    }
    guard isAliveStill(life) else { throw RuntimeFailure("the server ended while it was put to sleep", .serverEnded) }
    switch method {
    case .stop, .sleep: state = .asleep(life, Sleep(mode: mode))
    case .suspend:
      let suspended = try await suspend(life)
      guard isAliveStill(life) else {
        throw RuntimeFailure("the server ended while it was taken off the GPU", .serverEnded)
      }
      state = .asleep(life, Sleep(mode: mode, suspended: suspended))
    case .checkpoint: try await freeze(life, mode)
    }
  }

  private func suspend(_ life: Life) async throws(RuntimeFailure) -> [ProcessIdentity] {
    guard let root = life.process.root else { throw RuntimeFailure("the server has no process") }
    return try await suspension().suspend(descendantsOf: root, within: plan.sleepTimeout)
  }

  /// Has a sleeping server take the GPU again.
  func wake(_ life: Life, from sleep: Sleep) async throws(RuntimeFailure) -> Instance {
    try await whileAlive(life, until: "it was awake") { [control, plan, suspension] () async throws(RuntimeFailure) in
      if !sleep.suspended.isEmpty { try await suspension().resume(sleep.suspended, within: plan.sleepTimeout) }
      try await control.wake(sleep.mode, timeout: plan.wakeTimeout)
    }
    guard isAliveStill(life) else { throw RuntimeFailure("the server ended while it was woken", .serverEnded) }
    state = .awake(life)
    return life.instance
  }
}
