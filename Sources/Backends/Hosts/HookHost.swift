internal import Core

/// The commands of the user's that stand for a model's server, each run by `sh -c`; exit status 0 is success.
package struct Hooks: Hashable, Sendable {
  package var wake: String
  package var sleep: String
  /// Run in the place of `sleep` after a failure and at the daemon's end; nil: `sleep` is.
  package var stop: String?
  /// Tells by its exit status whether the model serves; nil: the health path does.
  package var alive: String?

  package init(wake: String, sleep: String, stop: String? = nil, alive: String? = nil) {
    self.wake = wake
    self.sleep = sleep
    self.stop = stop
    self.alive = alive
  }
}

/// A model that shell commands wake and put to sleep: containers, virtual machines, checkpoints, machines elsewhere.
///
/// What the commands are about reaches them through their environment, never through their text. What they leave running
/// is theirs.
struct HookHost: ModelHost {
  let hooks: Hooks
  let site: HostSite
  /// The model's own variables; those that tell what it is about are added.
  let environment: [String: String]
  let healthPath: String
  let sleepTimeout: Duration
  let wakeTimeout: Duration
  private let lastLook = LastLook()

  /// From the polite order to end to the forced one, for a command that takes too long.
  private static let grace: Duration = .seconds(2)
  /// A look that takes longer has found nothing good.
  private static let lookTimeout: Duration = .seconds(10)

  func wake() async throws(RuntimeFailure) -> Upstream {
    let deadline = site.control.timeline.now + wakeTimeout
    try await run("wake", hooks.wake, within: wakeTimeout)
    let remaining = max(deadline - site.control.timeline.now, .milliseconds(1))
    if let alive = hooks.alive {
      try await site.control.waitUntil("alive", within: remaining) { patience throws(RuntimeFailure) in
        do throws(RuntimeFailure) {
          let found = try await look(by: alive, within: min(patience, Self.lookTimeout))
          return found.serves == true ? .asHoped : .notYet(story("alive", found.end, found.lines))
        } catch {
          return .notYet(error.message)
        }
      }
    } else {
      try await site.control.awaitHealth(at: healthPath, within: remaining)
    }
    return site.control.upstream
  }

  func sleep() async throws(RuntimeFailure) { try await run("sleep", hooks.sleep, within: sleepTimeout) }

  func stop() async throws(RuntimeFailure) -> Bool {
    if let stop = hooks.stop { try await run("stop", stop, within: sleepTimeout) } else { try await sleep() }
    return true
  }

  func isAlive() async -> Bool {
    guard let alive = hooks.alive else { return await site.control.mayLive(at: healthPath) }
    // As a server that answers late, one of which nothing is heard may be busy.
    return (try? await look(by: alive, within: Self.lookTimeout).serves) ?? true
  }

  func isWell() async -> Bool {
    guard let alive = hooks.alive else { return await site.control.isHealthy(at: healthPath) }
    return (try? await look(by: alive, within: Self.lookTimeout).serves) ?? false
  }

  /// That something answers on the health path does not tell that it holds the GPU.
  func isHeld() async throws(RuntimeFailure) -> Bool {
    guard let alive = hooks.alive else { return false }
    let look = try await look(by: alive, within: Self.lookTimeout)
    guard let serves = look.serves else { throw RuntimeFailure("the alive hook \(look.end.predicate)") }
    return serves
  }

  /// Has the alive hook look, which is not worth a line in the log. It does so again and again, so what it says is kept
  /// only where that is another thing than the last time.
  /// - Throws: when it does not end within `timeout`, or the task is cancelled.
  private func look(by alive: String, within timeout: Duration) async throws(RuntimeFailure) -> AliveLook {
    let process = start("alive", alive, OutputSink(logger: .silent))
    let end = try await end(of: process, "alive", within: timeout)
    let look = AliveLook(lines: await process.lastLines, end: end)
    if lastLook.replace(with: look) {
      let sink = OutputSink(logger: .silent, kept: site.kept, subject: "alive hook")
      sink.take(look.lines, from: .stdout, at: site.control.timeline.now)
      sink.note(end.description)
    }
    return look
  }

  /// Runs one hook to its end, or ends it when the time is over or the task is cancelled.
  private func run(_ name: String, _ script: String, within timeout: Duration) async throws(RuntimeFailure) {
    let sink = OutputSink(logger: site.log.with("hook", name), kept: site.kept, subject: "\(name) hook")
    let process = start(name, script, sink)
    let end = try await end(of: process, name, within: timeout)
    guard end == .exited(status: 0) else { throw RuntimeFailure(story(name, end, await process.lastLines)) }
    site.control.logger.info("hook done", ["hook": name])
  }

  private func start(_ name: String, _ script: String, _ sink: OutputSink) -> ChildProcess {
    let launch = Launch(
      command: ["sh", "-c", script], environment: environment.merging(subject(name)) { $1 }, stopGrace: Self.grace,
      remains: .spared)
    return site.start(launch, sink)
  }

  private func end(
    of process: ChildProcess, _ name: String, within timeout: Duration
  ) async throws(RuntimeFailure) -> ProcessEnd {
    if let end = await process.exit(within: timeout, on: site.control.timeline) { return end }
    try? await process.stop(grace: Self.grace)
    guard !Task.isCancelled else { throw RuntimeFailure("the \(name) hook was cancelled") }
    throw RuntimeFailure("the \(name) hook did not end within \(timeout)", .timedOut)
  }

  private func story(_ name: String, _ end: ProcessEnd, _ lastLines: [String]) -> String {
    let lines = lastLines.suffix(5)
    let story = "the \(name) hook \(end.predicate)"
    return lines.isEmpty ? story : "\(story); its last lines: \(lines.joined(separator: " | "))"
  }

  private func subject(_ name: String) -> [String: String] {
    let upstream = site.control.upstream
    return [
      "SWITCHER_MODEL": site.model.name, "SWITCHER_HOOK": name, "SWITCHER_PORT": "\(upstream.origin.port)",
      "SWITCHER_URL": upstream.url,
    ]
  }
}
