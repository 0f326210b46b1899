internal import Core
internal import Glibc
internal import HTTP

/// `switcher stub-engine`: a model server with vLLM's HTTP surface and no model, for demonstrations and tests.
enum StubEngine {
  /// Serves until the process is told to end, by SIGTERM or SIGINT, which exits with status 0 from here.
  /// - Returns: the exit status when it can't begin; the log on standard error says why.
  static func run(_ options: StubEngineOptions) async -> Int32 {
    exitOnSignals()
    logger.info("starting", ["model": options.model])
    let timeline = SystemTimeline()
    do {
      let gpu = try options.gpuFile.map { path throws(SystemFailure) in try GPULock(path: path) }
      guard gpu?.take() ?? true else { return fail(GPULock.outOfMemory) }
      try await timeline.sleep(for: options.startTime)
      guard !options.failures.contains(.start) else { return fail("the start failed, as it was told to") }
      // Bound no sooner: as long as vLLM loads a model, it refuses connections.
      let address = try await StubServer(options, gpu: gpu, timeline: timeline, logger: logger).start()
      logger.info("ready", ["model": options.model, "address": address])
      while true { try await timeline.sleep(for: .seconds(86_400)) }
    } catch {
      return fail("\(error)")
    }
  }

  private static let logger = Logger(sink: LogOutput(.logfmt, descriptor: STDOUT_FILENO).write)

  private static func fail(_ message: String) -> Int32 {
    let output = LogOutput(.logfmt, descriptor: STDERR_FILENO)
    Logger(sink: output.write).error(message)
    // Whoever started it wants to know why it ended, however busy the machine is.
    output.flush(within: .seconds(60))
    return 1
  }

  /// Nothing needs to be brought in order: with the process its connections go, and its hold on the GPU.
  private static func exitOnSignals() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
  }
}
