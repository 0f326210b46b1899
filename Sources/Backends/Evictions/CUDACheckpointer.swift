internal import Core

/// What takes single processes off the GPU and brings them back: the CUDA driver's checkpoint calls, whoever makes them.
protocol CUDACheckpointer: Sendable {
  /// - Throws: when the driver does not tell, as for a process that never used the GPU.
  func state(of pid: Int32) async throws(RuntimeFailure) -> CUDAState

  /// Returns when the action is done.
  /// - Throws: when it failed or did not end within `timeout`; the failure names the process, the call and its result.
  func carryOut(_ action: CUDAAction, on pid: Int32, within timeout: Duration) async throws(RuntimeFailure)
}

/// What a process is in, for the CUDA driver.
enum CUDAState: String, Sendable, CaseIterable {
  case running
  /// Its calls of the driver wait.
  case locked
  /// What it had on the GPU is in the machine's memory, and the GPU is given up.
  case checkpointed
  case failed
}

/// What can be done with a process; each leads from one state to one other.
enum CUDAAction: String, Sendable, CaseIterable {
  case lock, checkpoint, restore, unlock

  var origin: CUDAState {
    switch self {
    case .lock: .running
    case .checkpoint, .unlock: .locked
    case .restore: .checkpointed
    }
  }

  /// After a restore the process is still locked.
  var goal: CUDAState {
    switch self {
    case .lock, .restore: .locked
    case .checkpoint: .checkpointed
    case .unlock: .running
    }
  }
}
