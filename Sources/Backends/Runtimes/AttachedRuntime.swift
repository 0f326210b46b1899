internal import Core

/// A model server that somebody else runs: asked to sleep and to wake, never started or stopped.
///
/// Only the server knows how it was left; one that can't tell is put to sleep before anything else, so that no step comes
/// twice in a row. Every wake counts as a life of its own, since the server may have been started anew by whoever runs it.
actor AttachedRuntime: ModelRuntime {
  private let model: ModelID
  private let plan: ServerPlan
  private let control: ServerControl
  private let instances: InstanceNumbers
  /// Whether a step was taken from here, so that the server is as that left it.
  private var wasOrdered = false

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

  func isAlive() async -> Bool { await control.isHealthy(at: plan.healthPath) }

  func isWell() async -> Bool { await control.isHealthy(at: plan.healthPath) }

  func wake() async throws(RuntimeFailure) -> Instance {
    let began = control.timeline.now
    let mode = try plan.method(for: plan.eviction).mode
    if let mode, !mode.wakeSteps.isEmpty {
      if !wasOrdered, case .unknown? = try? await control.sleepReport() {
        try await control.sleep(mode, timeout: plan.sleepTimeout)
      }
      wasOrdered = true
      try await control.wake(mode, timeout: plan.wakeTimeout)
    } else {
      try await control.awaitHealth(at: plan.healthPath, within: plan.wakeTimeout)
    }
    control.observe(.woke(mode?.wakeKind ?? .resume, control.timeline.now - began))
    return instances.next(for: model)
  }

  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    guard let mode = try plan.method(for: eviction ?? plan.eviction).mode else { throw cannotStop }
    try await control.sleep(mode, timeout: plan.sleepTimeout)
    return .asleep
  }

  /// A server that does not answer serves nobody now, and is looked at again.
  func vacate() async throws(RuntimeFailure) {
    guard !wasOrdered, let mode = try plan.method(for: plan.eviction).mode, !mode.sleepSteps.isEmpty,
      let report = try? await control.sleepReport()
    else { return }
    if report != .asleep {
      control.logger.info("awake without having been woken from here", ["certain": report == .awake])
      do throws(RuntimeFailure) {
        try await control.sleep(mode, timeout: plan.sleepTimeout)
      } catch {
        throw RuntimeFailure("\(model) was awake already and could not be put to sleep: \(error.message)", error.cause)
      }
    }
    wasOrdered = true
  }

  func stop() async throws(RuntimeFailure) { throw cannotStop }

  private var cannotStop: RuntimeFailure {
    RuntimeFailure("the server at \(upstream.origin) is run by somebody else and can't be stopped")
  }
}
