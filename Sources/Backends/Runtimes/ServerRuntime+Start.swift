internal import CLinux
internal import Core
internal import HTTP

/// A cold start, from a port that is free to a server that is well.
extension ServerRuntime {
  /// Starts the server as it is configured.
  func start() async throws(RuntimeFailure) -> Instance {
    if plan.checkpointing.isPossible {
      try await disk { [images] in Result { () throws(RuntimeFailure) in try images.prepareOutput() } }.get()
    }
    return try await start(launch, until: "it was healthy") { [control, plan, model] _ async throws(RuntimeFailure) in
      try await control.awaitHealth(at: plan.healthPath, within: plan.startupTimeout)
      guard plan.warmsUp else { return }
      await control.warmUp(model: plan.upstream.modelName ?? model.name, timeout: plan.wakeTimeout)
    }
  }

  /// Begins a life of the server, which is awake when `ready` returns.
  func start(
    _ launch: Launch, until goal: String, ready: @escaping @Sendable (ChildProcess) async throws(RuntimeFailure) -> Void
  ) async throws(RuntimeFailure) -> Instance {
    try await awaitPort()
    guard !Task.isCancelled else { throw RuntimeFailure("the start was cancelled") }
    guard life == nil else { throw RuntimeFailure("the server is being started already") }
    let process = programs.start(launch, output)
    let life = Life(instance: instances.next(for: model), process: process, program: launch.command.first ?? "")
    state = .starting(life)
    Task { await follow(life) }
    do throws(RuntimeFailure) {
      try await whileAlive(life, until: goal) { () async throws(RuntimeFailure) in try await ready(process) }
      guard isAliveStill(life) else { throw RuntimeFailure("the server was stopped while it started") }
    } catch {
      throw await clearAway(life, after: error)
    }
    state = .awake(life)
    return life.instance
  }

  /// Makes sure that whoever answers on the port later is our server. A server of a daemon that was killed is given the
  /// time to end, and one of our own all that it takes.
  private func awaitPort() async throws(RuntimeFailure) {
    // Looks are counted, not time: when the machine stands still, whoever is to leave the port does so too.
    let pause: Duration = .milliseconds(50)
    var looksLeft = Int((Launch.orphanGrace + .seconds(1)) / pause)
    while upstream.origin.isHeld {
      guard looksLeft > 0 || leaving.contains(upstream.origin.port) else {
        throw RuntimeFailure("port \(upstream.origin.port) is held by another process")
      }
      do {
        try await control.timeline.sleep(for: pause)
      } catch {
        throw RuntimeFailure("the start was cancelled")
      }
      looksLeft -= 1
    }
  }

  /// Leaves nothing behind of a start that failed or was cancelled. Returns the whole story of the failure.
  private func clearAway(_ life: Life, after failure: RuntimeFailure) async -> RuntimeFailure {
    if case .starting(let current) = state, current.instance == life.instance { state = .ending(life) }
    var story = failure.message
    do throws(RuntimeFailure) {
      try await life.process.stop(grace: launch.stopGrace)
      noteGone(life)
    } catch {
      story += "; \(error.message)"
    }
    let lines = await life.process.lastLines.suffix(5)
    let lastLines = lines.isEmpty ? "" : "; its last lines: \(lines.joined(separator: " | "))"
    return RuntimeFailure(story + lastLines, failure.cause)
  }
}

extension Origin {
  /// Whether somebody listens there; a name other than localhost is not looked up.
  fileprivate var isHeld: Bool {
    let addresses = host == "localhost" ? ["127.0.0.1", "::1"] : [host]
    return addresses.contains { unsafe tcp_port_is_held($0, port) != 0 }
  }
}
