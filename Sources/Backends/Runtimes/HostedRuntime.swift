internal import Core
internal import Synchronization

/// A model that a host makes available and takes away. Its process, if it has one, is none of the daemon's: a death is
/// noticed only by looking, and each wake counts as a life of its own.
actor HostedRuntime: ModelRuntime {
  private let model: ModelID
  private let host: any ModelHost
  private let instances: InstanceNumbers
  private let control: ServerControl
  private let current: Mutex<Upstream>
  nonisolated let deaths: AsyncStream<Death>
  private let deathReports: AsyncStream<Death>.Continuation
  private var hold = Hold.unknown()
  /// Looks whether the model is still there, while it is awake.
  private var watch: Task<Void, Never>?

  /// - Parameter control: to the host's server; its upstream is where the model answers, as far as that is known before
  ///   the first wake.
  init(model: ModelID, host: any ModelHost, control: ServerControl, instances: InstanceNumbers) {
    (self.model, self.host, self.control, self.instances) = (model, host, control, instances)
    current = Mutex(control.upstream)
    (deaths, deathReports) = AsyncStream.makeStream()
  }

  deinit { watch?.cancel() }

  nonisolated var upstream: Upstream { current.withLock { $0 } }
  nonisolated var processState: ProcessState { .external }

  func isAlive() async -> Bool { await host.isAlive() }

  func isWell() async -> Bool { await host.isWell() }

  func wake() async throws(RuntimeFailure) -> Instance {
    hold = .ours
    let began = control.timeline.now
    let upstream = try await host.wake()
    current.withLock { $0 = upstream }
    control.observe(.woke(.coldStart, control.timeline.now - began))
    let instance = instances.next(for: model)
    watch(over: instance)
    return instance
  }

  /// There is one way of sleeping, which frees everything: whatever eviction is asked for, it gets that.
  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    watch?.cancel()
    try await host.sleep()
    hold = .nothing
    return .asleep
  }

  func stop() async throws(RuntimeFailure) {
    watch?.cancel()
    guard hold == .ours else { return }
    hold = try await host.stop() ? .nothing : .unknown()
  }

  private func watch(over instance: Instance) {
    watch?.cancel()
    guard let interval = host.watchInterval else { return }
    watch = Task { [host, control, deathReports] in
      // A watch that is cancelled has nothing more to tell.
      while (try? await control.timeline.sleep(for: interval)) != nil {
        guard let reason = await host.loss(), !Task.isCancelled else { continue }
        deathReports.yield(Death(instance: instance, reason: reason))
        return
      }
    }
  }

  func vacate() async throws(RuntimeFailure) {
    guard hold.isToBeLookedAt(at: control.timeline.now) else { return }
    let look = { [host] () async throws(RuntimeFailure) -> SleepReport in try await host.isHeld() ? .awake : .asleep }
    hold = try await control.vacate(model, look: look, order: host.vacate)
  }
}
