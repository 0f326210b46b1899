internal import Core
internal import Synchronization

/// The way to the CUDA driver, found when it is first needed: the library is large, and mostly nobody needs it.
final class CUDAAccess: Sendable {
  private let library: String
  private let devicePrefix: String
  private let driver = Mutex<Result<CUDADriver, RuntimeFailure>?>(nil)

  /// - Parameters:
  ///   - library: the CUDA driver's.
  ///   - devicePrefix: what every file of the GPU's begins with.
  init(library: String = "libcuda.so.1", devicePrefix: String = GPUSuspension.devices) {
    self.library = library
    self.devicePrefix = devicePrefix
  }

  /// What takes processes off the GPU: the driver's own calls where it has them, else NVIDIA's program, or that one in any
  /// case where it is configured with its path.
  func suspension(
    _ settings: CheckpointSettings, programs: ProgramRunner, timeline: any Timeline, logger: Logger
  ) async -> GPUSuspension {
    let cuda = await checkpointer(settings, programs: programs, timeline: timeline, logger: logger)
    return GPUSuspension(cuda: cuda, timeline: timeline, logger: logger, devicePrefix: devicePrefix)
  }

  private func checkpointer(
    _ settings: CheckpointSettings, programs: ProgramRunner, timeline: any Timeline, logger: Logger
  ) async -> any CUDACheckpointer {
    let program = CUDACheckpointProgram(program: settings.cudaCheckpoint, runner: programs)
    if settings.cudaCheckpoint.contains("/") { return program }
    let opening = onOwnThread { self.opened(timeline) }
    switch await opening.value(within: .seconds(30), on: timeline) {
    case .success(let driver)?: return driver
    case .failure(let failure)?:
      logger.debug("a program takes the CUDA driver's place", ["program": program.program, "reason": failure.message])
    case nil: logger.warning("the CUDA driver's library did not load within 30 s")
    }
    return program
  }

  /// Loads the library at the first call.
  private func opened(_ timeline: any Timeline) -> Result<CUDADriver, RuntimeFailure> {
    driver.withLock { driver in
      if let driver { return driver }
      let result = Result { () throws(RuntimeFailure) in try CUDADriver(library: library, timeline: timeline) }
      driver = result
      return result
    }
  }
}
