internal import Core
internal import Synchronization

/// A model that a host makes available and takes away. Its process, if it has one, is none of the daemon's: no death is
/// noticed, and each wake counts as a life of its own.
actor HostedRuntime: ModelRuntime {
  private let model: ModelID
  private let host: any ModelHost
  private let instances: InstanceNumbers
  private let timeline: any Timeline
  private let logger: Logger
  private let observe: @Sendable (RuntimeEvent) -> Void
  private let current: Mutex<Upstream>
  private var hold = Hold.unknown

  /// What the host may hold for the model.
  private enum Hold {
    /// It was never woken from here: what there is is in the way of others, but not ours to take away at the end.
    case unknown
    /// From the order to wake until the model is gone.
    case ours
    case nothing
  }

  /// - Parameter control: to the host's server; its upstream is where the model answers, as far as that is known before
  ///   the first wake.
  init(model: ModelID, host: any ModelHost, control: ServerControl, instances: InstanceNumbers) {
    (self.model, self.host, self.instances) = (model, host, instances)
    (timeline, logger, observe) = (control.timeline, control.logger, control.observe)
    current = Mutex(control.upstream)
  }

  nonisolated var upstream: Upstream { current.withLock { $0 } }
  nonisolated var processState: ProcessState { .external }
  nonisolated var deaths: AsyncStream<Death> { AsyncStream { $0.finish() } }

  func isAlive() async -> Bool { await host.isAlive() }

  func isWell() async -> Bool { await host.isAlive() }

  func wake() async throws(RuntimeFailure) -> Instance {
    hold = .ours
    let began = timeline.now
    let upstream = try await host.wake()
    current.withLock { $0 = upstream }
    observe(.woke(.coldStart, timeline.now - began))
    return instances.next(for: model)
  }

  /// There is one way of sleeping, which frees everything: whatever eviction is asked for, it gets that.
  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    try await host.sleep()
    hold = .nothing
    return .asleep
  }

  func stop() async throws(RuntimeFailure) {
    guard hold == .ours else { return }
    try await host.stop()
    hold = .nothing
  }

  /// A host that does not answer serves nobody now, and is looked at again.
  func vacate() async throws(RuntimeFailure) {
    guard hold == .unknown else { return }
    do throws(RuntimeFailure) {
      guard try await host.isHeld(within: .seconds(5)) else {
        hold = .nothing
        return
      }
    } catch {
      return logger.info("not known whether it is awake", ["failure": error.message])
    }
    logger.info("awake without having been woken from here")
    do throws(RuntimeFailure) {
      try await host.sleep()
    } catch {
      throw RuntimeFailure("\(model) was awake already and could not be put to sleep: \(error.message)", error.cause)
    }
    hold = .nothing
  }
}
