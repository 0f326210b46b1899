package import Core
package import Metrics

/// The switcher's own metrics: switches and their phases as they end, everything else out of a snapshot at scrape.
package struct SwitchMetrics: Sendable {
  /// What stands for "no model" in a label.
  private static let none = "none"
  /// What stands for "any model" where pairs are folded.
  private static let any = "*"
  /// Up to so many models every pair has its series; beyond, a phase keeps only the model that it depends on.
  private static let pairLimit = 8

  private let phaseSeconds: Family<Histogram, SwitchPhase, String, String>
  private let totalSeconds: Family<Histogram, String, String>
  private let switches: Family<Counter, String, String, SwitchRecord.Outcome>
  private let isFolded: Bool

  /// Declares the metrics and creates every series that can be named beforehand. How the pairs are told apart is settled
  /// here: the labels of a series must not change while the program runs.
  package init(models: [ModelID], registry: Registry) {
    phaseSeconds = registry.histogram(
      "switcher_switch_phase_seconds", help: "How long each phase of a switch took, failed ones included.",
      buckets: .switching, labels: "phase", "from", "to")
    totalSeconds = registry.histogram(
      "switcher_switch_total_seconds", help: "From the decision to switch until the model was ready, or had failed.",
      buckets: .switching, labels: "from", "to")
    switches = registry.counter(
      "switcher_switches_total", help: "Switches by their outcome.", labels: "from", "to", "outcome")
    isFolded = models.count > Self.pairLimit
    create(models)
  }

  /// Creates the series of these models, as far as there are none yet.
  package func create(_ models: [ModelID]) {
    for from in [nil] + models.map(Optional.some) {
      for to in [nil] + models.map(Optional.some) where from != to {
        for phase in SwitchPhase.allCases where phase.occurs(from: from, to: to) {
          let (from, to) = labels(phase, from, to)
          phaseSeconds.create(phase, from, to)
        }
        let (totalFrom, totalTo) = labels(.wake, from, to)
        totalSeconds.create(totalFrom, totalTo)
        for outcome in SwitchRecord.Outcome.allCases { switches.create(totalFrom, totalTo, outcome) }
      }
    }
  }

  package func observe(_ notice: Notice) {
    if case .switchEnded(let record) = notice { count(record) }
  }

  private func count(_ record: SwitchRecord) {
    for (phase, duration) in record.phases {
      let (from, to) = labels(phase, record.from, record.to)
      phaseSeconds[phase, from, to].observe(duration)
    }
    let (from, to) = labels(.wake, record.from, record.to)
    totalSeconds[from, to].observe(record.total)
    switches[from, to, record.outcome].increment()
  }

  private func labels(_ phase: SwitchPhase, _ from: ModelID?, _ to: ModelID?) -> (from: String, to: String) {
    let from = from?.name ?? Self.none
    let to = to?.name ?? Self.none
    guard isFolded else { return (from, to) }
    return phase == .wake ? (Self.any, to) : (from, Self.any)
  }

  /// Declares what is read from the switcher whenever somebody scrapes.
  package func expose(_ switcher: ModelSwitcher, registry: Registry) {
    let gpuSeconds = registry.collectedCounter(
      "switcher_gpu_seconds_total", help: "Where the GPU's time went; advances while a phase lasts.",
      labels: Label<String>("model"), Label<GPUUse>("state"))
    let inFlight = registry.gauge(
      "switcher_requests_in_flight", help: "Requests on the model now.", labels: Label<String>("model"))
    let queueDepth = registry.gauge(
      "switcher_queue_depth", help: "Requests that wait for the model now.", labels: Label<String>("model"))
    let active = registry.gauge(
      "switcher_active_model", help: "1 for the model that is served now.", labels: Label<String>("model"))
    let mode = registry.gauge(
      "switcher_mode", help: "1 for the mode in force.", labels: Label<ModeName>("mode"))
    let state = registry.gauge(
      "switcher_model_state", help: "1 for the state that the model is in.", labels: Label<String>("model"),
      Label<LifecycleState>("state"))
    registry.collect { samples in
      let snapshot = await switcher.snapshot()
      for model in snapshot.everyModel {
        for use in GPUUse.allCases where use != .empty {
          let spent = snapshot.gpuTime[GPUTime.Account(model: model, use: use)] ?? .zero
          samples.set(gpuSeconds, model.name, use, to: spent.seconds)
        }
      }
      let empty = snapshot.gpuTime[GPUTime.Account(model: nil, use: .empty)] ?? .zero
      samples.set(gpuSeconds, Self.none, GPUUse.empty, to: empty.seconds)
      for model in snapshot.models {
        samples.set(inFlight, model.id.name, to: model.inFlight)
        samples.set(queueDepth, model.id.name, to: model.queueDepth)
        samples.set(active, model.id.name, to: model.id == snapshot.active ? 1 : 0)
        samples.set(state, model.id.name, current: model.state)
      }
      samples.set(mode, current: snapshot.mode.isManual ? ModeName.manual : .auto)
    }
  }

  private enum ModeName: String, CaseIterable, LabelValue { case auto, manual }
}

extension Snapshot {
  /// The models that there are and those that once had the GPU: their time does not get lost with them.
  fileprivate var everyModel: [ModelID] {
    let present = models.map(\.id)
    return present + Set(gpuTime.keys.compactMap(\.model)).subtracting(present).sorted()
  }
}

extension SwitchPhase: LabelValue {
  /// Whether a switch between these two can have the phase at all.
  fileprivate func occurs(from: ModelID?, to: ModelID?) -> Bool {
    switch self {
    case .cooldown: from != nil && to != nil
    case .drain, .sleep: from != nil
    case .wake: to != nil
    }
  }
}

extension SwitchRecord.Outcome: LabelValue {}
extension GPUUse: LabelValue {}
extension LifecycleState: LabelValue {}
