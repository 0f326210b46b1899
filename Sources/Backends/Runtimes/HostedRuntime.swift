internal import Core
internal import Synchronization

/// A model that a host makes available and takes away. Its process, if it has one, is none of the daemon's: no death is
/// noticed, and each wake counts as a life of its own.
actor HostedRuntime: ModelRuntime {
  private let model: ModelID
  private let host: any ModelHost
  private let instances: InstanceNumbers
  private let timeline: any Timeline
  private let observe: @Sendable (RuntimeEvent) -> Void
  private let current: Mutex<Upstream>
  /// Whether the host may hold something for the model on our account: from the order to wake until the model is gone. What
  /// was never woken from here is not ours to take away.
  private var mayHold = false

  /// - Parameter control: to the host's server; its upstream is where the model answers, as far as that is known before
  ///   the first wake.
  init(model: ModelID, host: any ModelHost, control: ServerControl, instances: InstanceNumbers) {
    (self.model, self.host, self.instances) = (model, host, instances)
    (timeline, observe) = (control.timeline, control.observe)
    current = Mutex(control.upstream)
  }

  nonisolated var upstream: Upstream { current.withLock { $0 } }
  nonisolated var processState: ProcessState { .external }
  nonisolated var deaths: AsyncStream<Death> { AsyncStream { $0.finish() } }

  func isAlive() async -> Bool { await host.isAlive() }

  func isWell() async -> Bool { await host.isAlive() }

  func wake() async throws(RuntimeFailure) -> Instance {
    mayHold = true
    let began = timeline.now
    let upstream = try await host.wake()
    current.withLock { $0 = upstream }
    observe(.woke(.coldStart, timeline.now - began))
    return instances.next(for: model)
  }

  /// There is one way of sleeping, which frees everything: whatever eviction is asked for, it gets that.
  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    try await host.sleep()
    mayHold = false
    return .asleep
  }

  func stop() async throws(RuntimeFailure) {
    guard mayHold else { return }
    try await host.stop()
    mayHold = false
  }
}
