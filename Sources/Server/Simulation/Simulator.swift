internal import Core
internal import Policies
internal import Switcher

/// Runs a workload through the switch machine and a policy in virtual time: the very ones that serve.
///
/// Time runs in whole microseconds. All that happens at one instant is told to the machine as one occasion. A switch takes
/// what `SimulatedCosts` says; the first model of a run is awake at once. The requests that are in flight on a model
/// progress together, each of `n` at `1 / (1 + slowdown × (n - 1))` of the speed of one alone.
struct Simulator {
  /// In the order in which they are taken at one instant.
  private enum Happening: Int, Comparable {
    case completion, switchDone, arrival, patienceEnd, timer

    static func < (left: Happening, right: Happening) -> Bool { left.rawValue < right.rawValue }
  }

  private struct Entry: Comparable {
    let microseconds: Int64
    let happening: Happening
    let sequence: Int
    /// A visit's index, a model's index, or the version of the engine that a completion was foreseen by.
    let subject: Int

    static func < (left: Entry, right: Entry) -> Bool {
      if left.microseconds != right.microseconds { return left.microseconds < right.microseconds }
      if left.happening != right.happening { return left.happening < right.happening }
      return left.sequence < right.sequence
    }
  }

  /// One request's way through the simulation.
  private struct Visit {
    let model: Int
    let work: Double
    var arrivedAt: Int64 = 0
    var grant: Grant?
    /// The session that it is a turn of, and which one.
    let turn: (session: Int, index: Int)?
  }

  private let workload: Workload
  private let costs: SimulatedCosts
  private let indices: [ModelID: Int]
  private var machine: SwitchMachine
  private var heap = Heap<Entry>()
  private var sequence = 0
  private var visits: [Visit] = []
  /// The visits in the order of their arrival, by their tickets' numbers less one.
  private var arrivals: [Int] = []
  private var engine: SharedEngine
  /// When the machine's one timer fires: setting it again replaces it.
  private var timer: Int64?
  private var awake: ModelID?
  private var instances = 0
  private(set) var tally: SimulationTally

  init(_ workload: Workload, policy: any SwitchPolicy, costs: SimulatedCosts) {
    self.workload = workload
    self.costs = costs
    indices = Dictionary(uniqueKeysWithValues: workload.models.enumerated().map { ($1, $0) })
    let limits = ModelLimits(maxInFlight: workload.slots)
    machine = SwitchMachine(
      models: workload.models.map { ($0, limits) }, policy: policy, requestTimeout: workload.requestTimeout, at: .zero)
    engine = SharedEngine(slowdown: workload.batchSlowdown)
    tally = SimulationTally(models: workload.models.count)
    for request in workload.requests {
      arrive(Visit(model: request.model, work: request.work.seconds, turn: nil), at: request.at.microseconds)
    }
    for (number, session) in workload.sessions.enumerated() where !session.turns.isEmpty {
      arrive(turn: 0, ofSession: number, at: session.start.microseconds)
    }
  }

  /// Runs to the end of the last request.
  /// - Parameter observe: told of everything that the machine has done, and when.
  static func run(
    _ workload: Workload, policy: any SwitchPolicy, costs: SimulatedCosts,
    observe: (Effect, Instant) -> Void = { _, _ in }
  ) -> SimulationTally {
    var simulator = Simulator(workload, policy: policy, costs: costs)
    while let now = simulator.heap.first?.microseconds { simulator.step(to: now, observe) }
    return simulator.tally
  }

  private mutating func step(to now: Int64, _ observe: (Effect, Instant) -> Void) {
    var events: [Event] = []
    while let entry = heap.first, entry.microseconds == now {
      heap.removeFirst()
      take(entry, now, &events)
    }
    let instant = Instant(nanoseconds: now * 1000)
    while !events.isEmpty {
      var effects: [Effect] = []
      machine.handle(events, at: instant, effects: &effects)
      events = []
      for effect in effects {
        observe(effect, instant)
        carryOut(effect, now, &events)
      }
    }
    foreseeCompletion(now)
  }

  private mutating func take(_ entry: Entry, _ now: Int64, _ events: inout [Event]) {
    switch entry.happening {
    case .completion:
      guard entry.subject == engine.version else { return }
      for index in engine.complete(at: now) {
        let visit = visits[index]
        if let grant = visit.grant { events.append(.requestFinished(grant)) }
        tally.completed(at: now)
        if engine.isIdle { tally.busy(until: now) }
        continueSession(visit, now)
      }
    case .switchDone:
      instances += 1
      events.append(.woke(workload.models[entry.subject], Instance(instances)))
    case .arrival:
      visits[entry.subject].arrivedAt = now
      let deadline = Instant(nanoseconds: now * 1000) + workload.requestTimeout
      // The end of its patience is an occasion even if it was served long before, as in the reference.
      push(deadline.nanoseconds / 1000, .patienceEnd, 0)
      arrivals.append(entry.subject)
      let ticket = Ticket(number: UInt64(arrivals.count))
      events.append(.requestArrived(ticket, workload.models[visits[entry.subject].model], deadline: deadline))
    case .patienceEnd: events.append(.timerFired)
    case .timer:
      guard entry.microseconds == timer else { return }
      timer = nil
      events.append(.timerFired)
    }
  }

  private mutating func carryOut(_ effect: Effect, _ now: Int64, _ events: inout [Event]) {
    switch effect {
    case .grant(let grant):
      let index = visit(grant.ticket)
      visits[index].grant = grant
      tally.waited(now - visits[index].arrivedAt, model: visits[index].model)
      if engine.isIdle { tally.busy(from: now) }
      engine.start(index, work: visits[index].work, at: now)
    case .reject(let ticket, _):
      let visit = visits[visit(ticket)]
      tally.timedOut(after: now - visit.arrivedAt, model: visit.model)
      continueSession(visit, now)
    case .sleep(let model, _):
      awake = model
      events.append(.slept(model, .asleep))
    case .wake(let model):
      let cost = awake.map { costs.seconds(from: $0, to: model) } ?? 0
      let microseconds = Int64((cost * 1_000_000).rounded())
      tally.switched(isFirst: awake == nil, microseconds)
      push(now + microseconds, .switchDone, indices[model] ?? 0)
    case .setTimer(let instant):
      let microseconds = (instant.nanoseconds + 999) / 1000
      timer = microseconds
      push(microseconds, .timer, 0)
    // Nothing hangs here, and no drain has a deadline.
    case .cut, .stop, .retire, .answer, .note: break
    }
  }

  private func visit(_ ticket: Ticket) -> Int { arrivals[Int(ticket.number) - 1] }

  // MARK: What is yet to come

  private mutating func push(_ microseconds: Int64, _ happening: Happening, _ subject: Int) {
    sequence += 1
    heap.insert(Entry(microseconds: microseconds, happening: happening, sequence: sequence, subject: subject))
  }

  private mutating func arrive(_ visit: Visit, at microseconds: Int64) {
    visits.append(visit)
    push(microseconds, .arrival, visits.count - 1)
  }

  private mutating func arrive(turn index: Int, ofSession number: Int, at microseconds: Int64) {
    let turn = workload.sessions[number].turns[index]
    arrive(Visit(model: turn.model, work: turn.work.seconds, turn: (number, index)), at: microseconds)
  }

  private mutating func continueSession(_ visit: Visit, _ now: Int64) {
    guard let (number, index) = visit.turn, index + 1 < workload.sessions[number].turns.count else { return }
    let think = workload.sessions[number].turns[index + 1].think.microseconds
    arrive(turn: index + 1, ofSession: number, at: now + think)
  }

  private mutating func foreseeCompletion(_ now: Int64) {
    guard let (version, next) = engine.foresee(at: now) else { return }
    push(next, .completion, version)
  }
}

extension Duration {
  /// The nearest whole microsecond: the unit of simulated time.
  var microseconds: Int64 { Int64((seconds * 1_000_000).rounded()) }
}
