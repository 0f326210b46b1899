internal import Core
internal import HTTP

/// A model server that the daemon starts, and so can stop.
///
/// Across each await the server may end or be stopped, so every method looks at the state anew after one; the serial
/// number of a server's life tells whether it is still the same.
actor ServerRuntime: ModelRuntime {
  /// One process tree, from a cold start to its end.
  struct Life {
    let instance: Instance
    let process: ChildProcess
    /// What was executed, for a person.
    let program: String
  }

  /// How a server sleeps whose process lives on.
  struct Sleep {
    let mode: SleepMode
    /// The processes that were taken off the GPU.
    var suspended: [ProcessIdentity] = []
  }

  /// A server that is on disk.
  struct Frozen {
    let images: CheckpointImages
    let mode: SleepMode
    /// Whether it is none of ours, but what the configuration says to begin with.
    var isGiven = false
  }

  enum State {
    case stopped
    case starting(Life)
    case awake(Life)
    case asleep(Life, Sleep)
    /// It is being written to disk; that it ends is no news.
    case freezing(Life)
    case frozen(Frozen)
    /// It was ordered to end or its server ended, and not all of it is gone yet.
    case ending(Life)
  }

  nonisolated let upstream: Upstream
  nonisolated let deaths: AsyncStream<Death>
  private let deathReports: AsyncStream<Death>.Continuation
  let model: ModelID
  let plan: ServerPlan
  let launch: Launch
  let control: ServerControl
  let programs: ProgramRunner
  let suspension: @Sendable () async -> GPUSuspension
  let images: CheckpointImages
  let instances: InstanceNumbers
  let leaving: PortsInLeaving
  let output: OutputSink
  var state = State.stopped
  /// What of the server is on disk and may be restored once more.
  var kept: Frozen?

  /// - Parameters:
  ///   - programs: starts the server and what it takes to checkpoint it.
  ///   - suspension: what takes processes off the GPU; asked for when that is to be done.
  init(
    model: ModelID, plan: ServerPlan, launch: Launch, control: ServerControl, programs: ProgramRunner,
    suspension: @escaping @Sendable () async -> GPUSuspension, images: CheckpointImages, instances: InstanceNumbers,
    leaving: PortsInLeaving, output: OutputSink
  ) {
    (self.model, self.plan, self.launch, self.control) = (model, plan, launch, control)
    (self.programs, self.suspension, self.images, self.instances) = (programs, suspension, images, instances)
    (self.leaving, self.output) = (leaving, output)
    upstream = plan.upstream
    (deaths, deathReports) = AsyncStream.makeStream()
    if let directory = plan.checkpointing.initialImages {
      let eviction = Eviction(weights: plan.eviction.weights, process: .checkpoint)
      let mode = (try? plan.method(for: eviction))?.mode ?? .idle
      let given = Frozen(images: images.moved(to: directory), mode: mode, isGiven: true)
      (state, kept) = (.frozen(given), given)
    }
  }

  var processState: ProcessState {
    switch state {
    case .stopped, .frozen: .stopped
    case .starting: .starting
    case .awake, .asleep: .running
    case .freezing, .ending: .stopping
    }
  }

  /// A server that nobody reaches any more has just ended, which is about to be reported, or might as well have: then it is
  /// ended now, and the next wake is a cold start. Says no only once nothing of it is left, as far as that can be had:
  /// whoever hears it may have another model woken.
  func isAlive() async -> Bool {
    switch state {
    // Both find out by themselves. Whoever asks then means the server before.
    case .starting, .freezing: return true
    default: break
    }
    guard let life else { return false }
    if isAliveStill(life), await control.isListening(at: plan.healthPath), isAliveStill(life) { return true }
    guard self.life?.instance == life.instance else { return false }
    state = .ending(life)
    // What resists even force is still there, and whoever has it stopped next is told so.
    if (try? await end(life)) != nil { noteGone(life) }
    return false
  }

  func isWell() async -> Bool {
    switch state {
    case .awake, .asleep: await control.isHealthy(at: plan.healthPath)
    case .stopped, .starting, .freezing, .frozen, .ending: false
    }
  }

  func wake() async throws(RuntimeFailure) -> Instance {
    let began = control.timeline.now
    let instance: Instance
    var kind = WakeKind.coldStart
    switch state {
    case .awake(let life): return life.instance
    case .asleep(let life, let sleep):
      instance = try await wake(life, from: sleep)
      kind = sleep.mode.wakeKind
    case .frozen(let frozen): (instance, kind) = try await thaw(frozen)
    case .freezing: throw RuntimeFailure("the server is still being checkpointed")
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
    let method = try plan.method(for: eviction ?? plan.eviction)
    guard let mode = method.mode else {
      try await stop()
      return .stopped
    }
    switch state {
    case .stopped: return .stopped
    case .frozen: return .asleep
    // A sleeping engine ignores an order to sleep otherwise; only one that was left as it was still has to be told.
    case .asleep(_, let sleep) where sleep.mode != .idle || !sleep.suspended.isEmpty: return .asleep
    case .awake(let life), .asleep(let life, _):
      try await put(life, toSleepBy: method, mode)
      return .asleep
    case .starting: throw RuntimeFailure("the server is still being started")
    case .freezing: throw RuntimeFailure("the server is still being checkpointed")
    case .ending:
      try await stop()
      return .stopped
    }
  }

  func stop() async throws(RuntimeFailure) {
    if case .frozen(let frozen) = state { await discard(frozen) }
    guard let life else { return }
    state = .ending(life)
    try await end(life)
    noteGone(life)
  }

  /// Some servers wait for their connections when they are told to end, and llama.cpp does so without an end.
  private func end(_ life: Life) async throws(RuntimeFailure) {
    control.forwarded.hangUp(on: upstream, for: .stop)
    leaving.add(upstream.origin.port)
    defer { leaving.remove(upstream.origin.port) }
    try await life.process.stop(grace: launch.stopGrace)
  }

  // MARK: The server's life

  /// That of the process tree there is, if there is any.
  var life: Life? {
    switch state {
    case .stopped, .frozen: nil
    case .starting(let life), .awake(let life), .asleep(let life, _), .freezing(let life), .ending(let life): life
    }
  }

  /// Whether the server of this life still runs and nobody has ordered it to end.
  func isAliveStill(_ life: Life) -> Bool {
    if case .ending = state { return false }
    return self.life?.instance == life.instance && life.process.exit.current == nil
  }

  /// Takes notice of the server's end; of one that nobody ordered it tells, once its whole tree has ended or resists even
  /// force: until then it may hold the GPU.
  func follow(_ life: Life) async {
    guard let exit = await life.process.exit.value() else { return }
    if self.life?.instance == life.instance {
      switch state {
      case .awake, .asleep:
        state = .ending(life)
        try? await life.process.stop(grace: .zero)
        deathReports.yield(Death(instance: life.instance, reason: exit.description))
      // A start fails by itself, and an ordered end is no news.
      case .starting, .freezing, .ending, .stopped, .frozen: break
      }
    }
    _ = await life.process.end.value()
    noteGone(life)
  }

  /// Nothing is left of the server.
  func noteGone(_ life: Life) {
    if case .ending(let current) = state, current.instance == life.instance { state = .stopped }
  }

  /// Runs `operation`, but ends it as soon as the server ends.
  func whileAlive(
    _ life: Life, until goal: String, _ operation: @escaping @Sendable () async throws(RuntimeFailure) -> Void
  ) async throws(RuntimeFailure) {
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
        return .failure(RuntimeFailure(end.story(ofServerStartedBy: life.program, before: goal), .serverEnded))
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(RuntimeFailure("cancelled"))
    }
    try outcome.get()
  }
}
