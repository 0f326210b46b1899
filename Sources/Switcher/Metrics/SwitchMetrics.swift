package import Core
package import Metrics

/// The metrics of what happens in the switcher, counted as it is told. Every series exists before its first event, which
/// `increase()` would miss otherwise; those of a model that is not configured any more stay.
package struct SwitchMetrics: Sendable {
  private let pairs: PairLabels
  private let switches: Family<Counter, String, String, SwitchRecord.Outcome>
  private let triggers: Family<Counter, Trigger>
  private let failures: Family<Counter, String, SwitchPhase, SwitchFailure.Reason>
  private let phaseSeconds: Family<Histogram, SwitchPhase, String, String>
  private let totalSeconds: Family<Histogram, String, String>
  private let restarts: Family<Counter, String>
  private let starvedRequests: Family<Counter, String>
  private let cutRequests: Family<Counter, String>

  /// Declares the metrics and creates the series of these models.
  package init(models: [ModelID], pairs: PairLabels, registry: Registry) {
    self.pairs = pairs
    switches = registry.counter(
      "switcher_switches_total", help: "Switches by how they ended.", labels: "from", "to", "outcome")
    triggers = registry.counter(
      "switcher_switch_triggers_total", help: "Switches by what set them off.", labels: "trigger")
    failures = registry.counter(
      "switcher_switch_failures_total", help: "Failed switches by the phase that failed, and why.",
      labels: "to", "phase", "reason")
    phaseSeconds = registry.histogram(
      "switcher_switch_phase_seconds", help: "How long each phase of a switch took, failed ones included.",
      buckets: .switching, labels: "phase", "from", "to")
    totalSeconds = registry.histogram(
      "switcher_switch_total_seconds", help: "From the decision to switch until the model was ready, or had failed.",
      buckets: .switching, labels: "from", "to")
    restarts = registry.counter(
      "switcher_upstream_restarts_total",
      help: "Starts of a server after it had ended by itself or would neither sleep nor wake.", labels: "model")
    starvedRequests = registry.counter(
      "switcher_policy_starved_requests_total",
      help: "Requests that waited as long as the policy lets any wait before a switch to their model was decided.",
      labels: "model")
    cutRequests = registry.counter(
      "switcher_drain_cut_requests_total",
      help: "Requests that were cut off because the drain of their model took too long.", labels: "model")
    triggers.create(every: Trigger.allCases)
    create(models)
  }

  /// Creates the series of these models, as far as there are none yet.
  package func create(_ models: [ModelID]) {
    for (from, to) in PairLabels.pairs(models) {
      for phase in SwitchPhase.allCases where phase.occurs(from: from, to: to) {
        let (from, to) = pairs(phase, from, to)
        phaseSeconds.create(phase, from, to)
      }
      let whole = pairs(nil, from, to)
      totalSeconds.create(whole.from, whole.to)
      for outcome in SwitchRecord.Outcome.allCases { switches.create(whole.from, whole.to, outcome) }
    }
    let names = models.map(\.name)
    failures.create(every: names + [PairLabels.none], SwitchFailure.phases, SwitchFailure.Reason.allCases)
    restarts.create(every: names)
    starvedRequests.create(every: names)
    cutRequests.create(every: names)
  }

  /// Counts what has happened.
  package func observe(_ notice: Notice) {
    switch notice {
    case .switchDecided(let decision): triggers[decision.trigger].increment()
    case .switchEnded(let record): count(record)
    case .modelRestarted(let model): restarts[model.name].increment()
    case .requestStarved(let model): starvedRequests[model.name].increment()
    case .phaseEntered, .modeChanged, .policyReplaced, .modelChanged, .modelsReplaced: break
    }
  }

  private func count(_ record: SwitchRecord) {
    for (phase, duration) in record.phases {
      let (from, to) = pairs(phase, record.from, record.to)
      phaseSeconds[phase, from, to].observe(duration)
    }
    let (from, to) = pairs(nil, record.from, record.to)
    totalSeconds[from, to].observe(record.total)
    switches[from, to, record.outcome].increment()
    if let left = record.from, record.cutRequests > 0 { cutRequests[left.name].increment(by: record.cutRequests) }
    guard let failure = record.failure, record.outcome == .failed else { return }
    failures[record.to?.name ?? PairLabels.none, failure.phase, failure.reason].increment()
  }
}

extension SwitchFailure {
  /// Those that a switch can fail in.
  fileprivate static let phases: [SwitchPhase] = [.sleep, .wake]
}

extension SwitchRecord.Outcome: LabelValue {}
extension Trigger: LabelValue {}
extension SwitchFailure.Reason: LabelValue {}
