internal import Core
package import Metrics
internal import Policies
internal import Synchronization

/// The metrics of how things stand, read from one snapshot of the switcher at each scrape: nothing is set by hand, so
/// nothing is left behind by a switch that fails or a model that is removed.
package struct SnapshotMetrics: Sendable {
  private let gpuSeconds: Collected<String, GPUUse>
  private let phase: Collected<PhaseName>
  private let switchCost: Collected<String, String>
  private let state: Collected<String, LifecycleState>
  private let active: Collected<String>
  private let pinned: Collected<String>
  private let mode: Collected<ModeName>
  private let modeChanged: Collected<>
  private let policy: Collected<String>
  private let decisions: Collected<PolicyTally.Verdict, String>
  private let upToDate: Collected<>
  private let inFlight: Collected<String>
  private let queueDepth: Collected<String>
  private let oldestWait: Collected<String>
  private let queueLimit: Collected<>
  private let isUp: Collected<String>
  private let modeClock = ModeClock()
  private let pairs: PairLabels

  private enum ModeName: String, CaseIterable, LabelValue { case auto, manual }
  private enum PhaseName: String, CaseIterable, LabelValue { case none, cooldown, drain, sleep, wake }

  /// Declares the metrics.
  package init(pairs: PairLabels, registry: Registry) {
    self.pairs = pairs
    gpuSeconds = registry.collectedCounter(
      "switcher_gpu_seconds_total", help: "Where the GPU's time went; advances while a phase lasts.",
      labels: "model", "state")
    phase = registry.gauge(
      "switcher_switch_phase", help: "1 for the phase of the switch under way, or for none.", labels: "phase")
    switchCost = registry.gauge(
      "switcher_switch_cost_seconds", help: "What the policy believes a switch to cost, sleep and wake.",
      labels: "from", "to")
    state = registry.gauge(
      "switcher_model_state", help: "1 for the state that the model is in.", labels: "model", "state")
    active = registry.gauge(
      "switcher_active_model", help: "1 for the model that is served now.", labels: "model")
    pinned = registry.gauge("switcher_model_pinned", help: "1 for the model that is pinned.", labels: "model")
    mode = registry.gauge("switcher_mode", help: "1 for the mode in force.", labels: "mode")
    modeChanged = registry.gauge(
      "switcher_mode_changed_timestamp_seconds", help: "When the mode or the pin last changed, or the daemon started.")
    policy = registry.gauge("switcher_policy_info", help: "1 for the policy in force.", labels: "policy")
    decisions = registry.collectedCounter(
      "switcher_policy_decisions_total", help: "Answers of the policy, and requests that manual mode turned away.",
      labels: "decision", "reason")
    upToDate = registry.gauge(
      "switcher_scheduler_last_tick_timestamp_seconds",
      help: "Until when the scheduler has done all that was due: now, unless it is behind.")
    inFlight = registry.gauge("switcher_requests_in_flight", help: "Requests on the model now.", labels: "model")
    queueDepth = registry.gauge("switcher_queue_depth", help: "Requests that wait for the model now.", labels: "model")
    oldestWait = registry.gauge(
      "switcher_queue_oldest_wait_seconds", help: "How long the first of those who wait has waited.", labels: "model")
    queueLimit = registry.gauge("switcher_queue_limit", help: "How many requests may wait, over all models.")
    isUp = registry.gauge(
      "switcher_upstream_up",
      help: "1 while the model's server runs; of one that somebody else runs, as far as was last seen.",
      labels: "model")
  }

  /// Takes notice of when the mode changes.
  package func observe(_ notice: Notice) {
    if case .modeChanged = notice { modeClock.changed() }
  }

  /// Reads the switcher whenever somebody scrapes.
  package func expose(_ switcher: ModelSwitcher, registry: Registry) {
    registry.collect { samples in
      let snapshot = await switcher.snapshot()
      let processes = await switcher.processStates()
      tellGPUTime(snapshot, &samples)
      tellSwitching(snapshot, &samples)
      for model in snapshot.models { tell(model, snapshot, processes[model.id], &samples) }
      let limits = snapshot.models.map(\.queueLimit)
      let isLimited = limits.allSatisfy { $0 != nil }
      samples.set(queueLimit, to: isLimited ? Double(limits.reduce(0) { $0 + ($1 ?? 0) }) : .infinity)
    }
  }

  /// The models that there are and those that once had the GPU: their time does not get lost with them.
  private func tellGPUTime(_ snapshot: Snapshot, _ samples: inout Samples) {
    let present = snapshot.models.map(\.id)
    let gone = Set(snapshot.gpuTime.keys.compactMap(\.model)).subtracting(present).sorted()
    for model in present + gone {
      for use in GPUUse.allCases where use != .empty {
        samples.set(gpuSeconds, model.name, use, to: snapshot.gpuTime[.init(model: model, use: use)] ?? .zero)
      }
    }
    samples.set(
      gpuSeconds, PairLabels.none, .empty, to: snapshot.gpuTime[.init(model: nil, use: .empty)] ?? .zero)
  }

  private func tellSwitching(_ snapshot: Snapshot, _ samples: inout Samples) {
    let current = snapshot.transition.map(\.phase) ?? (snapshot.isCoolingDown ? .cooldown : nil)
    samples.set(phase, current: current.flatMap { PhaseName(rawValue: $0.rawValue) } ?? PhaseName.none)
    samples.set(mode, current: snapshot.mode.isManual ? ModeName.manual : .auto)
    samples.set(modeChanged, to: modeClock.lastChange)
    samples.set(policy, snapshot.policy, to: 1)
    for verdict in PolicyTally.Verdict.allCases {
      for reason in Reason.allCases.map(Optional.some) + [nil] {
        guard let count = snapshot.decisions.counts[.init(verdict: verdict, reason: reason)] else { continue }
        samples.set(decisions, verdict, reason?.rawValue ?? "manual_mode", to: count)
      }
    }
    let delay = snapshot.takenAt - snapshot.upToDateUntil
    samples.set(upToDate, to: UnixTime.seconds() - delay.seconds)
    tellCosts(snapshot, &samples)
  }

  /// Of every pair where pairs are told apart, else of those that were measured.
  private func tellCosts(_ snapshot: Snapshot, _ samples: inout Samples) {
    let models = snapshot.models.map(\.id)
    let measured = Set(snapshot.costs.measured.map { Pair(from: $0.from, to: $0.to) })
    // A model that bears the name of no model has no costs of its own: a series must not be there twice.
    for (from, to) in PairLabels.pairs(models.filter { $0.name != PairLabels.none }) {
      guard let to, !pairs.isFolded || measured.contains(Pair(from: from, to: to)) else { continue }
      samples.set(switchCost, from?.name ?? PairLabels.none, to.name, to: snapshot.costs.cost(from: from, to: to))
    }
  }

  private func tell(
    _ model: Snapshot.ModelView, _ snapshot: Snapshot, _ process: ProcessState?, _ samples: inout Samples
  ) {
    let name = model.id.name
    samples.set(state, name, current: model.state)
    samples.set(active, name, to: model.id == snapshot.active ? 1 : 0)
    samples.set(pinned, name, to: model.id == snapshot.mode.pinned ? 1 : 0)
    samples.set(inFlight, name, to: model.inFlight)
    samples.set(queueDepth, name, to: model.queueDepth)
    samples.set(oldestWait, name, to: model.oldestWait)
    samples.set(isUp, name, to: model.isUp(process) ? 1 : 0)
  }
}

/// A switch by its ends.
private struct Pair: Hashable {
  let from: ModelID?
  let to: ModelID
}

/// When the mode last changed, in seconds since 1970: noted once, since it would move with the wall clock otherwise.
private final class ModeClock: Sendable {
  private let seconds = Mutex(UnixTime.seconds())

  var lastChange: Double { seconds.withLock(\.self) }

  func changed() { seconds.withLock { $0 = UnixTime.seconds() } }
}

extension Snapshot.ModelView {
  /// Whether its server is there, by what is known of its process.
  fileprivate func isUp(_ process: ProcessState?) -> Bool {
    switch process {
    case .running: true
    case .stopped, .starting, .stopping, nil: false
    case .external: state != .stopped && state != .failed && state != .starting
    }
  }
}

extension GPUUse: LabelValue {}
extension LifecycleState: LabelValue {}
extension PolicyTally.Verdict: LabelValue {}
