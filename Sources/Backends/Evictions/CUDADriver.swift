internal import CLinux
internal import Core
internal import Synchronization

/// The CUDA driver's own checkpoint calls. They block for as long as the GPU's memory takes to be copied, so each is made
/// on a thread of its own.
struct CUDADriver: CUDACheckpointer {
  /// The loaded library's calls.
  // Safe and Sendable hold because nothing changes them once they are found, and the library is never unloaded.
  @safe private struct Calls: @unchecked Sendable {
    let driver: OpaquePointer
  }

  private let calls: Calls
  private let timeline: any Timeline

  /// - Throws: when the library is not there or is too old.
  init(library: String, timeline: any Timeline) throws(RuntimeFailure) {
    self.timeline = timeline
    var reason = [CChar](repeating: 0, count: 512)
    let driver = unsafe reason.withUnsafeMutableBufferPointer { buffer in
      unsafe cuda_driver_open(library, buffer.baseAddress, buffer.count)
    }
    guard let driver = unsafe driver else {
      let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw RuntimeFailure(String(decoding: bytes, as: UTF8.self))
    }
    calls = unsafe Calls(driver: driver)
  }

  func state(of pid: Int32) async throws(RuntimeFailure) -> CUDAState {
    let call = "cuCheckpointProcessGetState"
    let (result, number) = try await make(call, on: pid, within: .seconds(30)) { [calls] in
      var number: Int32 = -1
      let result = unsafe cuda_driver_state(calls.driver, pid, &number)
      return (result, number)
    }
    try check(result, of: call, on: pid)
    switch UInt32(bitPattern: number) {
    case CUDA_PROCESS_RUNNING.rawValue: return .running
    case CUDA_PROCESS_LOCKED.rawValue: return .locked
    case CUDA_PROCESS_CHECKPOINTED.rawValue: return .checkpointed
    case CUDA_PROCESS_FAILED.rawValue: return .failed
    default: throw RuntimeFailure("\(call) of process \(pid) found the state \(number), which is not known")
    }
  }

  func carryOut(_ action: CUDAAction, on pid: Int32, within timeout: Duration) async throws(RuntimeFailure) {
    let call = "cuCheckpointProcess" + action.rawValue.prefix(1).uppercased() + action.rawValue.dropFirst()
    let result = try await make(call, on: pid, within: timeout) { [calls] in
      switch action {
      case .lock: unsafe cuda_driver_lock(calls.driver, pid, timeout.wholeMilliseconds)
      case .checkpoint: unsafe cuda_driver_checkpoint(calls.driver, pid)
      case .restore: unsafe cuda_driver_restore(calls.driver, pid)
      case .unlock: unsafe cuda_driver_unlock(calls.driver, pid)
      }
    }
    try check(result, of: call, on: pid)
  }

  /// Waits for a call even in a task that is cancelled: it can't be taken back, and what it will have done is worth
  /// knowing. One that does not come back is left alone.
  private func make<Result: Sendable>(
    _ name: String, on pid: Int32, within timeout: Duration, _ call: @escaping @Sendable () -> Result
  ) async throws(RuntimeFailure) -> Result {
    // The lock's own time-out is to come first, which says more.
    let patience = timeout + .seconds(5)
    guard let result = await onOwnThread(call).value(within: patience, on: timeline) else {
      throw RuntimeFailure("\(name) of process \(pid) did not come back within \(patience)", .timedOut)
    }
    return result
  }

  private func check(_ result: Int32, of call: String, on pid: Int32) throws(RuntimeFailure) {
    guard result != 0 else { return }
    // The names are constants of the library.
    let name = unsafe cuda_driver_result_name(calls.driver, result).map { unsafe String(cString: $0) }
    throw RuntimeFailure("\(call) of process \(pid) returned \(name.map { "\($0) (\(result))" } ?? "\(result)")")
  }
}
