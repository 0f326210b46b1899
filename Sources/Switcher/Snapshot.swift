package import Core
package import Policies

/// The machine at one instant, as status pages and metrics show it.
package struct Snapshot: Sendable {
  package let takenAt: Instant
  /// Until when the switcher has done all that was due: `takenAt`, unless it is behind.
  package let upToDateUntil: Instant
  package let mode: Mode
  package let policy: String
  package let active: ModelID?
  package let transition: TransitionView?
  /// Whether a switch that is wanted waits for the least time of the active model.
  package let isCoolingDown: Bool
  package let models: [ModelView]
  package let gpuTime: [GPUTime.Account: Duration]
  /// How often the policy was asked so far.
  package let decisions: PolicyTally
  /// What each switch is believed to cost.
  package let costs: SwitchCosts

  package struct TransitionView: Sendable {
    package let number: UInt64
    package let from: ModelID?
    package let to: ModelID?
    package let phase: SwitchPhase
    package let trigger: Trigger
    package let decidedAt: Instant
  }

  package struct ModelView: Sendable {
    package let id: ModelID
    package let state: LifecycleState
    package let inFlight: Int
    package let queueDepth: Int
    /// How many may wait; nil: as many as come.
    package let queueLimit: Int?
    package let oldestWait: Duration
    /// How the operator wants it put to sleep; nil: as it is configured.
    package let eviction: Eviction?
    /// Since when it has been able to serve; nil while it is not awake.
    package let awakeSince: Instant?
    /// How long it stays awake without being used; nil: for ever.
    package let idleSleep: Duration?
    /// When it is put to sleep by itself unless a request comes; nil while that is not in sight.
    package let sleepsAt: Instant?
    /// Nil unless it was put to sleep.
    package let rest: Rest?
    package let breaker: BreakerState
    /// Why the model is being left alone, and for how long still.
    package let failure: (message: String, retryAfter: Duration)?
  }
}

extension SwitchMachine {
  package func snapshot(at now: Instant) -> Snapshot {
    Snapshot(
      takenAt: now, upToDateUntil: upToDateUntil(now), mode: mode, policy: type(of: policy).name,
      active: transition.map { $0.isDraining } ?? true ? holder.map { models[$0].id } : nil,
      transition: transition.map {
        Snapshot.TransitionView(
          number: $0.number, from: $0.from, to: $0.to, phase: $0.currentPhase, trigger: $0.trigger,
          decidedAt: $0.decidedAt)
      },
      isCoolingDown: transition == nil && cooldownSince != nil,
      models: models.indices.map { index in
        let model = models[index]
        return Snapshot.ModelView(
          id: model.id, state: lifecycleState(index, now), inFlight: model.inFlight,
          queueDepth: model.queue.count, queueLimit: model.limits.maxQueue,
          oldestWait: model.queue.first.map { now - $0.arrival } ?? .zero, eviction: model.eviction,
          awakeSince: model.awake?.since, idleSleep: model.limits.idleSleep,
          sleepsAt: model.awake == nil ? nil : idleSleepAt, rest: model.rest,
          breaker: model.breakerState(at: now),
          failure: model.breaker.remaining(at: now).map { (model.breaker.message, $0) }
            ?? model.lossReason.map { ($0, .zero) })
      },
      gpuTime: gpuTime.totals(at: now), decisions: tally, costs: costs)
  }
}
