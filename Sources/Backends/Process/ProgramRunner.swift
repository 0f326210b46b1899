internal import Core

/// Runs programs that do one thing and end.
struct ProgramRunner: Sendable {
  /// Starts a program, whose output goes to the logger; the daemon's end is its end too.
  let start: @Sendable (Launch, OutputSink) -> ChildProcess
  let timeline: any Timeline

  /// From the polite order to end to the forced one, for a program that takes too long.
  private static let grace: Duration = .seconds(2)

  /// Runs a program to its end, and ends it when the time is over or the task is cancelled.
  /// - Parameter environment: added to the daemon's own.
  /// - Returns: the last lines it wrote.
  /// - Throws: when it does not end with status 0 in time; the failure tells what was run and what it wrote last.
  @discardableResult
  func run(
    _ command: [String], environment: [String: String] = [:], within timeout: Duration, logger: Logger = .silent
  ) async throws(RuntimeFailure) -> [String] {
    let process = start(
      Launch(command: command, environment: environment, stopGrace: Self.grace), OutputSink(logger: logger))
    let title = command.joined(separator: " ")
    guard let end = await process.exit(within: timeout, on: timeline) else {
      try? await process.stop(grace: Self.grace)
      if Task.isCancelled { throw RuntimeFailure("\(title) was cancelled") }
      throw RuntimeFailure("\(title) did not end within \(timeout)", .timedOut)
    }
    let lines = await process.lastLines
    guard end != .exited(status: 0) else { return lines }
    let tail = lines.suffix(5).joined(separator: " | ")
    throw RuntimeFailure("\(title) \(end.predicate)" + (tail.isEmpty ? "" : "; its last lines: \(tail)"))
  }
}

extension ChildProcess {
  /// How the program ended; nil when the time is over first, or the task is cancelled.
  func exit(within timeout: Duration, on timeline: any Timeline) async -> ProcessEnd? {
    await withTaskGroup(of: ProcessEnd?.self) { group in
      group.addTask { await self.exit.value() }
      group.addTask {
        try? await timeline.sleep(for: timeout)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }
}

extension ProcessEnd {
  /// Worded to follow what ended.
  var predicate: String {
    switch self {
    case .exited, .notExecuted: description
    case .killed, .unknown: "was \(self)"
    }
  }
}
