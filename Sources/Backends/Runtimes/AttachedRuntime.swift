internal import Core
internal import HTTP

/// A model server that somebody else runs: asked to sleep and to wake, never started or stopped.
///
/// Only the server knows how it was left; one that can't tell is put to sleep before anything else, so that no step comes
/// twice in a row. Every wake counts as a life of its own, since the server may have been started anew by whoever runs it.
actor AttachedRuntime: ModelRuntime {
  private let model: ModelID
  private let plan: ServerPlan
  private let control: ServerControl
  private let instances: InstanceNumbers
  private var hold = Hold.unknown()

  init(model: ModelID, plan: ServerPlan, control: ServerControl, instances: InstanceNumbers) {
    self.model = model
    self.plan = plan
    self.control = control
    self.instances = instances
  }

  nonisolated var upstream: Upstream { plan.upstream }
  nonisolated var processState: ProcessState { .external }
  /// Always ended: without a process to watch, no death is ever noticed.
  nonisolated var deaths: AsyncStream<Death> { AsyncStream { $0.finish() } }

  func isAlive() async -> Bool { await control.mayLive(at: plan.healthPath) }

  func isWell() async -> Bool { await control.isHealthy(at: plan.healthPath) }

  func wake() async throws(RuntimeFailure) -> Instance {
    let began = control.timeline.now
    let mode = try plan.method(for: plan.eviction).mode
    if let mode, !mode.wakeSteps.isEmpty {
      if case .unknown = hold, case .unknown? = try? await control.sleepReport() {
        try await control.sleep(mode, timeout: plan.sleepTimeout)
      }
      hold = .ours
      try await control.wake(mode, timeout: plan.wakeTimeout)
    } else {
      hold = .ours
      try await control.awaitHealth(at: plan.healthPath, within: plan.wakeTimeout)
    }
    control.observe(.woke(mode?.wakeKind ?? .resume, control.timeline.now - began))
    return instances.next(for: model)
  }

  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    guard let mode = try plan.method(for: eviction ?? plan.eviction).mode else {
      throw RuntimeFailure("the server at \(upstream.origin) is run by somebody else and can't be stopped")
    }
    try await control.sleep(mode, timeout: plan.sleepTimeout)
    hold = .nothing
    return .asleep
  }

  /// Has the server sleep as it is configured: there is no other way to have it give the GPU up. Requests that are still on
  /// it end first, since an engine may not survive to be put to sleep under them.
  func stop() async throws(RuntimeFailure) {
    guard hold == .ours else { return }
    guard let mode = try plan.method(for: plan.eviction).mode, !mode.sleepSteps.isEmpty else { return hold = .nothing }
    control.forwarded.hangUp(on: upstream, for: .stop)
    let isAsleep = try await control.end { () async throws(RuntimeFailure) in
      try await control.sleep(mode, timeout: plan.sleepTimeout)
    }
    hold = isAsleep ? .nothing : .unknown()
  }

  func vacate() async throws(RuntimeFailure) {
    guard hold.isToBeLookedAt(at: control.timeline.now), let mode = try plan.method(for: plan.eviction).mode,
      !mode.sleepSteps.isEmpty
    else { return }
    hold = try await control.vacate(model, look: control.sleepReport) { () async throws(RuntimeFailure) in
      try await control.sleep(mode, timeout: plan.sleepTimeout)
      return true
    }
  }
}
