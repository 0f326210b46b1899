internal import CLinux
internal import Core
internal import HTTP

/// A model server that the daemon starts, and so can stop.
///
/// Across each await the server may end or be stopped, so every method looks at the state anew after one; the serial
/// number of a server's life tells whether it is still the same.
actor ServerRuntime: ModelRuntime {
  /// One process tree, from a cold start to its end.
  private struct Life {
    let instance: Instance
    let process: ChildProcess
  }

  private enum State {
    case stopped
    case starting(Life)
    case awake(Life)
    case asleep(Life, SleepMode)
    /// It was ordered to end or its server ended, and not all of it is gone yet.
    case ending(Life)
  }

  nonisolated let upstream: Upstream
  nonisolated let deaths: AsyncStream<Death>
  private let deathReports: AsyncStream<Death>.Continuation
  private let model: ModelID
  private let plan: ServerPlan
  private let launch: Launch
  private let control: ServerControl
  private let loop: EventLoop
  private let living: LivingProcesses
  private let instances: InstanceNumbers
  private let marks: ServerMarks
  private let output: OutputSink
  private var state = State.stopped

  init(
    model: ModelID, plan: ServerPlan, launch: Launch, control: ServerControl, loop: EventLoop, living: LivingProcesses,
    marks: ServerMarks, instances: InstanceNumbers, output: OutputSink
  ) {
    (self.model, self.plan, self.launch, self.control) = (model, plan, launch, control)
    (self.loop, self.living, self.marks, self.instances) = (loop, living, marks, instances)
    self.output = output
    upstream = plan.upstream
    (deaths, deathReports) = AsyncStream.makeStream()
  }

  var processState: ProcessState {
    switch state {
    case .stopped: .stopped
    case .starting: .starting
    case .awake, .asleep: .running
    case .ending: .stopping
    }
  }

  /// A server that nobody reaches any more has just ended, which is about to be reported, or might as well have: then it is
  /// ended now, and the next wake is a cold start.
  func isAlive() async -> Bool {
    guard let life, isAliveStill(life) else { return false }
    if await control.isListening(at: plan.healthPath) { return isAliveStill(life) }
    guard isAliveStill(life) else { return false }
    state = .ending(life)
    Task { try? await end(life) }
    return false
  }

  func isWell() async -> Bool {
    switch state {
    case .awake, .asleep: await control.isHealthy(at: plan.healthPath)
    case .stopped, .starting, .ending: false
    }
  }

  func wake() async throws(RuntimeFailure) -> Instance {
    let began = control.timeline.now
    let instance: Instance
    var kind = WakeKind.coldStart
    switch state {
    case .awake(let life): return life.instance
    case .asleep(let life, let mode):
      instance = try await wake(life, from: mode)
      kind = mode.wakeKind
    case .starting: throw RuntimeFailure("the server is being started already")
    case .ending:
      try await stop()
      instance = try await start()
    case .stopped: instance = try await start()
    }
    control.observe(.woke(kind, control.timeline.now - began))
    return instance
  }

  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    let eviction = eviction ?? plan.eviction
    guard let mode = try plan.sleepMode(for: eviction) else {
      try await stop()
      return .stopped
    }
    switch state {
    case .stopped: return .stopped
    // A sleeping engine ignores an order to sleep otherwise; only one that was left as it was still has to be told.
    case .asleep(_, let current) where current != .idle: return .asleep
    case .awake(let life), .asleep(let life, _):
      try await whileAlive(life, until: "it was asleep") { [control, plan] () async throws(RuntimeFailure) in
        try await control.sleep(mode, timeout: plan.sleepTimeout)
      }
      guard isAliveStill(life) else { throw RuntimeFailure("the server ended while it was put to sleep", .serverEnded) }
      state = .asleep(life, mode)
      return .asleep
    case .starting: throw RuntimeFailure("the server is still being started")
    case .ending:
      try await stop()
      return .stopped
    }
  }

  func stop() async throws(RuntimeFailure) {
    guard let life else { return }
    state = .ending(life)
    try await end(life)
    noteGone(life)
  }

  /// Some servers wait for their connections when they are told to end, and llama.cpp does so without an end.
  private func end(_ life: Life) async throws(RuntimeFailure) {
    control.client.hangUp(on: upstream.origin)
    try await life.process.stop(grace: launch.stopGrace)
  }

  // MARK: Waking

  private func wake(_ life: Life, from mode: SleepMode) async throws(RuntimeFailure) -> Instance {
    try await whileAlive(life, until: "it was awake") { [control, plan] () async throws(RuntimeFailure) in
      try await control.wake(mode, timeout: plan.wakeTimeout)
    }
    guard isAliveStill(life) else { throw RuntimeFailure("the server ended while it was woken", .serverEnded) }
    state = .awake(life)
    return life.instance
  }

  private func start() async throws(RuntimeFailure) -> Instance {
    try await awaitPort()
    guard !Task.isCancelled else { throw RuntimeFailure("the start was cancelled") }
    guard case .stopped = state else { throw RuntimeFailure("the server is being started already") }
    let process = ChildProcess(
      launch, mark: marks.next(), loop: loop, timeline: control.timeline, logger: control.logger, output: output)
    let life = Life(instance: instances.next(for: model), process: process)
    state = .starting(life)
    living.add(process)
    Task { await follow(life) }
    do throws(RuntimeFailure) {
      try await whileAlive(life, until: "it was healthy") { [control, plan, model] () async throws(RuntimeFailure) in
        try await control.awaitHealth(at: plan.healthPath, within: plan.startupTimeout)
        guard plan.warmsUp else { return }
        await control.warmUp(model: plan.upstream.modelName ?? model.name, timeout: plan.wakeTimeout)
      }
      guard isAliveStill(life) else { throw RuntimeFailure("the server was stopped while it started") }
    } catch {
      throw await clearAway(life, after: error)
    }
    state = .awake(life)
    return life.instance
  }

  /// Makes sure that whoever answers on the port later is our server. A server of a daemon that was killed is given the
  /// time to end.
  private func awaitPort() async throws(RuntimeFailure) {
    let deadline = control.timeline.now + Launch.orphanGrace + .seconds(1)
    while upstream.origin.isHeld {
      let mayWait = control.timeline.now < deadline
      guard mayWait, (try? await control.timeline.sleep(for: .milliseconds(50))) != nil else {
        throw RuntimeFailure("port \(upstream.origin.port) is held by another process")
      }
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

  /// Runs `operation`, but ends it as soon as the server ends.
  private func whileAlive(
    _ life: Life, until goal: String, _ operation: @escaping @Sendable () async throws(RuntimeFailure) -> Void
  ) async throws(RuntimeFailure) {
    let program = launch.command.first ?? ""
    let outcome = await withTaskGroup(of: Result<Void, RuntimeFailure>.self) { group in
      group.addTask {
        do throws(RuntimeFailure) {
          return .success(try await operation())
        } catch {
          return .failure(error)
        }
      }
      group.addTask {
        guard let end = await life.process.exit.value() else { return .failure(RuntimeFailure("cancelled")) }
        return .failure(RuntimeFailure(end.story(ofServerStartedBy: program, before: goal), .serverEnded))
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(RuntimeFailure("cancelled"))
    }
    try outcome.get()
  }

  // MARK: The server's life

  private var life: Life? {
    switch state {
    case .stopped: nil
    case .starting(let life), .awake(let life), .asleep(let life, _), .ending(let life): life
    }
  }

  /// Whether the server of this life still runs and nobody has ordered it to end.
  private func isAliveStill(_ life: Life) -> Bool {
    if case .ending = state { return false }
    return self.life?.instance == life.instance && life.process.exit.current == nil
  }

  /// Takes notice of the server's end, and tells of it if nobody ordered it; then of the end of its whole tree.
  private func follow(_ life: Life) async {
    guard let end = await life.process.exit.value() else { return }
    if self.life?.instance == life.instance {
      switch state {
      case .awake, .asleep:
        state = .ending(life)
        deathReports.yield(Death(instance: life.instance, reason: end.description))
      // A start fails by itself, and an ordered end is no news.
      case .starting, .ending, .stopped: break
      }
    }
    _ = await life.process.end.value()
    noteGone(life)
  }

  private func noteGone(_ life: Life) {
    if case .ending(let current) = state, current.instance == life.instance { state = .stopped }
  }
}

extension ServerPlan {
  /// How to carry the eviction out while the process lives on; nil where it ends.
  /// - Throws: when the server can't sleep like that.
  func sleepMode(for eviction: Eviction) throws(RuntimeFailure) -> SleepMode? {
    switch eviction.process {
    case .stop: return nil
    case .keepRunning:
      guard let mode = sleepModes[eviction.weights] else {
        throw RuntimeFailure("the server can't sleep as \(eviction): it has no sleep steps for that")
      }
      return mode
    case .cudaSuspend, .checkpoint: throw RuntimeFailure("the eviction \(eviction) is not supported yet")
    }
  }
}

extension Origin {
  /// Whether somebody listens there; a name other than localhost is not looked up.
  fileprivate var isHeld: Bool {
    let addresses = host == "localhost" ? ["127.0.0.1", "::1"] : [host]
    return addresses.contains { unsafe tcp_port_is_held($0, port) != 0 }
  }
}
