internal import Core

/// Takes all processes of a server off the GPU, while they live on, and brings them back.
struct GPUSuspension: Sendable {
  /// What every file of the GPU's that a process may have mapped begins with.
  static let devices = "/dev/nvidia"

  let cuda: any CUDACheckpointer
  let timeline: any Timeline
  let logger: Logger
  var devicePrefix = Self.devices

  /// All processes are locked before the first one is checkpointed: none waits for another one that is gone.
  /// - Parameters:
  ///   - root: all processes of the server descend from it, and it lives as long as they do.
  ///   - timeout: for each action on each process.
  /// - Returns: the processes that are off the GPU now.
  /// - Throws: when no process uses the GPU or one of them failed; what had been done is undone then, as far as it can be.
  func suspend(
    descendantsOf root: Int32, within timeout: Duration
  ) async throws(RuntimeFailure) -> [ProcessIdentity] {
    let processes = await gpuProcesses(below: root)
    guard !processes.isEmpty else {
      throw RuntimeFailure("none of the server's processes has mapped \(devicePrefix)*: nothing to take off the GPU")
    }
    do throws(RuntimeFailure) {
      for action in [CUDAAction.lock, .checkpoint] {
        for process in processes { try await carryOut(action, on: process, within: timeout) }
      }
    } catch {
      await undo([.restore, .unlock], on: processes, within: timeout)
      throw error
    }
    return processes
  }

  /// - Parameter timeout: for each action on each process.
  /// - Throws: when one of the processes has ended or failed. Those that got as far are unlocked then, so that they can
  ///   heed an order to end.
  func resume(_ processes: [ProcessIdentity], within timeout: Duration) async throws(RuntimeFailure) {
    do throws(RuntimeFailure) {
      for action in [CUDAAction.restore, .unlock] {
        for process in processes { try await carryOut(action, on: process, within: timeout) }
      }
    } catch {
      await undo([.unlock], on: processes, within: timeout)
      throw error
    }
  }

  private func gpuProcesses(below root: Int32) async -> [ProcessIdentity] {
    let search = onOwnThread { [devicePrefix] in
      ProcessIdentity.descendants(of: root).filter { $0.hasMapped(filesFrom: devicePrefix) }
    }
    return await search.value(within: .seconds(30), on: timeline) ?? []
  }

  /// Brings the process from the action's origin to its goal; one that is there already is left alone.
  private func carryOut(
    _ action: CUDAAction, on process: ProcessIdentity, within timeout: Duration
  ) async throws(RuntimeFailure) {
    guard !Task.isCancelled else { throw RuntimeFailure("cancelled") }
    guard process.isAlive else {
      throw RuntimeFailure("process \(process.pid) has ended, expected it alive for the \(action)", .serverEnded)
    }
    let state = try await cuda.state(of: process.pid)
    guard state != action.goal else { return }
    guard state == action.origin else {
      throw RuntimeFailure(
        "process \(process.pid) was found \(state.rawValue), expected it \(action.origin.rawValue) for the \(action)")
    }
    let start = timeline.now
    try await cuda.carryOut(action, on: process.pid, within: timeout)
    logger.info("cuda \(action) done", ["pid": process.pid, "seconds": (timeline.now - start).seconds])
  }

  /// Carries out each action on each process whose state allows it. Goes to its end also in a task that is cancelled: what
  /// is locked can't even end in peace.
  private func undo(_ actions: [CUDAAction], on processes: [ProcessIdentity], within timeout: Duration) async {
    let work = Task { [self] in
      for action in actions {
        for process in processes.reversed() where process.isAlive {
          do throws(RuntimeFailure) {
            guard try await cuda.state(of: process.pid) == action.origin else { continue }
            try await cuda.carryOut(action, on: process.pid, within: timeout)
          } catch {
            logger.warning("a process could not be brought back", ["pid": process.pid, "failure": error.message])
          }
        }
      }
    }
    await work.value
  }
}
