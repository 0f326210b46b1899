internal import Core

/// A model server that somebody else runs: asked to sleep and to wake, never started or stopped.
///
/// It remembers nothing of how the server was left; only the server knows. Every wake counts as a life of its own, since
/// the server may have been started anew by whoever runs it.
final class AttachedRuntime: ModelRuntime {
  private let model: ModelID
  private let plan: ServerPlan
  private let control: ServerControl
  private let instances: InstanceNumbers

  init(model: ModelID, plan: ServerPlan, control: ServerControl, instances: InstanceNumbers) {
    self.model = model
    self.plan = plan
    self.control = control
    self.instances = instances
  }

  var upstream: Upstream { plan.upstream }
  var processState: ProcessState { .external }
  /// Always ended: without a process to watch, no death is ever noticed.
  var deaths: AsyncStream<Death> { AsyncStream { $0.finish() } }

  func isAlive() async -> Bool { await control.isHealthy(at: plan.healthPath) }

  func isWell() async -> Bool { await control.isHealthy(at: plan.healthPath) }

  func wake() async throws(RuntimeFailure) -> Instance {
    let began = control.timeline.now
    let mode = try plan.method(for: plan.eviction).mode
    if let mode, !mode.wakeSteps.isEmpty {
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

  func stop() async throws(RuntimeFailure) { throw cannotStop }

  private var cannotStop: RuntimeFailure {
    RuntimeFailure("the server at \(upstream.origin) is run by somebody else and can't be stopped")
  }
}
