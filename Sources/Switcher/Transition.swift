internal import Core
internal import Policies

/// A switch under way: one model leaves (or none is there), another comes (or none is wanted).
struct Transition: Sendable {
  let decision: SwitchDecision
  /// How the old model is put to sleep; nil as it is configured.
  let eviction: Eviction?
  /// How long the policy lets a request wait for the target before that beats everything else; nil for ever.
  let waitLimit: Duration?
  let decidedAt: Instant
  var stage: Stage
  /// Who is told when it has ended.
  var commands: [CommandID]
  /// Why the target could not be had, once that is known.
  private(set) var failure: SwitchFailure?
  /// How many requests were cut off because the drain took too long, and when that was last done.
  private(set) var cut: (requests: Int, at: Instant)?
  private(set) var phases: [(phase: SwitchPhase, duration: Duration)]
  private var running: (phase: SwitchPhase, since: Instant)?

  enum Stage: Hashable, Sendable {
    /// The old model finishes what it has, and what was queued for it up to `lastAdmitted` until `admitUntil`.
    case draining(lastAdmitted: Ticket, admitUntil: Instant?)
    case sleeping
    /// Its sleep failed, so it is ended.
    case stoppingOld
    /// `cold`: nothing is left to fall back to if this fails.
    case waking(cold: Bool)
    /// The wake failed, or the process was being ended anyway. With `retry` the model is then started afresh; else the
    /// switch is over once it is gone.
    case stoppingNew(retry: Bool)
  }

  /// The first stage is still to be entered.
  init(
    _ decision: SwitchDecision, eviction: Eviction?, waitLimit: Duration?, cooldown: Duration?,
    commands: [CommandID], at now: Instant
  ) {
    self.decision = decision
    self.eviction = eviction
    self.waitLimit = waitLimit
    self.commands = commands
    stage = .sleeping
    decidedAt = now
    phases = cooldown.map { [(.cooldown, $0)] } ?? []
  }

  var number: UInt64 { decision.number }
  var from: ModelID? { decision.from }
  var to: ModelID? { decision.to }
  var trigger: Trigger { decision.trigger }
  var reason: Reason? { decision.reason }

  var isDraining: Bool {
    if case .draining = stage { true } else { false }
  }

  /// Whether the target is given up already, and only its remains are cleared away.
  var isGivingUp: Bool { stage == .stoppingNew(retry: false) }

  /// Whether nobody but the policy wanted it.
  var isPolicyDriven: Bool { reason != nil && commands.isEmpty }

  /// Whether its end is what the operator wishes.
  func leads(to wish: Goal.Wish) -> Bool {
    switch wish {
    case .awake(let model, _): to == model && !isGivingUp
    case .asleep(let model, _) where isGivingUp: to == model
    case .asleep(let model, let eviction): to == nil && from == model && self.eviction == eviction
    }
  }

  /// The phase that runs now, for metrics and status.
  var currentPhase: SwitchPhase {
    switch stage {
    case .draining: .drain
    case .sleeping, .stoppingOld: .sleep
    case .waking, .stoppingNew: .wake
    }
  }

  /// Ends the running phase and begins the next one, unless it is the same; whether it is another one.
  mutating func enter(_ stage: Stage, at now: Instant) -> Bool {
    self.stage = stage
    guard running?.phase != currentPhase else { return false }
    endPhase(at: now)
    running = (currentPhase, now)
    return true
  }

  mutating func endPhase(at now: Instant) {
    guard let running else { return }
    phases.append((running.phase, now - running.since))
    self.running = nil
  }

  /// The first failure is the one that counts.
  mutating func fail(_ reason: SwitchFailure.Reason, _ message: String) {
    failure = failure ?? SwitchFailure(phase: currentPhase, reason: reason, message: message)
  }

  /// Nobody is admitted any more by then, so whoever is cut off once more has been counted.
  mutating func noteCut(requests: Int, at now: Instant) { cut = (cut?.requests ?? requests, now) }

  /// Sleep plus wake: what the policies call the cost of a switch.
  var evictionAndWake: Duration {
    phases.filter { $0.phase == .sleep || $0.phase == .wake }.reduce(.zero) { $0 + $1.duration }
  }

  func record(_ outcome: SwitchRecord.Outcome, at now: Instant) -> SwitchRecord {
    SwitchRecord(
      number: number, from: from, to: to, trigger: trigger, reason: reason, outcome: outcome, failure: failure,
      decidedAt: decidedAt, endedAt: now, phases: phases, cutRequests: cut?.requests ?? 0)
  }
}
