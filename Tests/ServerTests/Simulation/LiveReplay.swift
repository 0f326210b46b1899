import Core
import Policies
import Synchronization
import TestSupport

@testable import Server
@testable import Switcher

/// Replays a workload through the real switcher, its tasks, timers and continuations included, on a clock that stands
/// still until everything that an event sets off has happened.
final class LiveReplay: Sendable {
  /// One request's way through the replay.
  private struct Visit {
    let model: Int
    let work: Duration
    let arrivedAt: Int64
    /// The session that it is a turn of, and which one.
    let turn: (session: Int, index: Int)?
  }

  private struct Arrival: Comparable {
    let microseconds: Int64
    let sequence: Int
    let request: Workload.Request
    let turn: (session: Int, index: Int)?

    static func < (left: Arrival, right: Arrival) -> Bool {
      (left.microseconds, left.sequence) < (right.microseconds, right.sequence)
    }

    static func == (left: Arrival, right: Arrival) -> Bool { left.sequence == right.sequence }
  }

  private struct State {
    var visits: [Visit] = []
    var arrivals = Heap<Arrival>()
    var sequence = 0
    var ended = 0
    /// Who waits, and until when.
    var waiting: [Int: Instant] = [:]
    var tally: SimulationTally
  }

  private let workload: Workload
  private let timeline = ManualTimeline()
  private let answers = LastAnswer()
  private let gpu: ReplayGPU
  private let switcher: ModelSwitcher
  private let switches = SwitchCount()
  private let state: Mutex<State>

  init(_ workload: Workload, policy: any SwitchPolicy, costs: SimulatedCosts) {
    self.workload = workload
    let gpu = ReplayGPU(slowdown: workload.batchSlowdown, costs: costs, timeline: timeline)
    self.gpu = gpu
    let limits = ModelLimits(maxInFlight: workload.slots)
    let switches = switches
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: workload.models.map { ($0, limits) }, policy: WatchedPolicy(policy, answers),
        requestTimeout: workload.requestTimeout, at: timeline.now),
      runtimes: Dictionary(uniqueKeysWithValues: workload.models.map { ($0, ReplayRuntime(model: $0, gpu: gpu)) }),
      timeline: timeline,
      observer: { notice, _ in
        if case .switchEnded(let record) = notice, record.from != nil, record.outcome == .success { switches.add() }
      })
    state = Mutex(State(tally: SimulationTally(models: workload.models.count)))
    for request in workload.requests { plan(request, nil, at: request.at.microseconds) }
    for (number, session) in workload.sessions.enumerated() {
      planTurn(0, ofSession: number, at: session.start.microseconds)
    }
  }

  /// Runs to the end of the last request. What happens at one instant is one occasion in a simulation; here it comes
  /// one by one, in the order in which no model looks out of work that is not: arrivals first, timers last.
  func run() async -> (tally: SimulationTally, switches: Int) {
    while let next = nextInstant {
      timeline.move(by: next - timeline.now)
      await takeArrivals()
      gpu.complete()
      await settle()
      gpu.finishWake()
      await settle()
      await takeArrivals()
      timeline.wakeSleepers()
      await settle()
    }
    return (state.withLock { $0.tally }, switches.count)
  }

  private func takeArrivals() async {
    while let arrival = dueArrival() {
      arrive(arrival)
      await settle()
    }
  }

  /// When something happens next; nil when every request has ended.
  private var nextInstant: Instant? {
    let (arrival, isOver) = state.withLock { ($0.arrivals.first, $0.ended == $0.visits.count) }
    guard arrival != nil || !isOver else { return nil }
    let known = [arrival?.microseconds, gpu.nextEnd].compactMap { $0 }.map { Instant(nanoseconds: $0 * 1000) }
    return (known + [timeline.nextDeadline].compactMap { $0 }).min()
  }

  // MARK: Requests

  private func plan(_ request: Workload.Request, _ turn: (session: Int, index: Int)?, at microseconds: Int64) {
    state.withLock { state in
      state.sequence += 1
      state.arrivals.insert(
        Arrival(microseconds: microseconds, sequence: state.sequence, request: request, turn: turn))
    }
  }

  private func planTurn(_ index: Int, ofSession number: Int, at microseconds: Int64) {
    let turns = workload.sessions[number].turns
    guard index < turns.count else { return }
    let request = Workload.Request(at: .microseconds(microseconds), model: turns[index].model, work: turns[index].work)
    plan(request, (number, index), at: microseconds)
  }

  private func dueArrival() -> Arrival? {
    let now = timeline.now.microseconds
    return state.withLock { state in
      guard let first = state.arrivals.first, first.microseconds <= now else { return nil }
      state.arrivals.removeFirst()
      return first
    }
  }

  private func arrive(_ arrival: Arrival) {
    let now = timeline.now
    let deadline = now + workload.requestTimeout
    let visit = Visit(
      model: arrival.request.model, work: arrival.request.work, arrivedAt: now.microseconds, turn: arrival.turn)
    let number = state.withLock { state in
      state.visits.append(visit)
      state.waiting[state.visits.count - 1] = deadline
      return state.visits.count - 1
    }
    Task {
      do {
        try await switcher.withModel(workload.models[visit.model], deadline: deadline) { _, _ in
          granted(number)
          await gpu.serve(number, work: visit.work.seconds)
        }
      } catch {
        refused(number)
      }
      ended(visit)
    }
  }

  private func granted(_ number: Int) {
    state.withLock { state in
      state.waiting[number] = nil
      let visit = state.visits[number]
      state.tally.waited(timeline.now.microseconds - visit.arrivedAt, model: visit.model)
    }
  }

  private func refused(_ number: Int) {
    state.withLock { state in
      state.waiting[number] = nil
      let visit = state.visits[number]
      state.tally.timedOut(after: timeline.now.microseconds - visit.arrivedAt, model: visit.model)
    }
  }

  private func ended(_ visit: Visit) {
    if let (session, index) = visit.turn, index + 1 < workload.sessions[session].turns.count {
      let think = workload.sessions[session].turns[index + 1].think.microseconds
      planTurn(index + 1, ofSession: session, at: timeline.now.microseconds + think)
    }
    state.withLock { $0.ended += 1 }
  }

  // MARK: Settling

  /// Waits until all that the last event set off has happened.
  private func settle() async {
    while !isSettled(await switcher.snapshot()) { await Task.yield() }
  }

  /// Everyone who came is where the switcher counts them, the slow work that it wants is under way, and a timer stands for
  /// all that it has to do later.
  private func isSettled(_ snapshot: Snapshot) -> Bool {
    let inFlight = snapshot.models.reduce(0) { $0 + $1.inFlight }
    let queued = snapshot.models.reduce(0) { $0 + $1.queueDepth }
    let (arrived, ended, firstDeadline) = state.withLock {
      ($0.visits.count, $0.ended, $0.waiting.values.min() ?? .distantFuture)
    }
    guard inFlight == gpu.running, queued + inFlight + ended == arrived else { return false }
    if let transition = snapshot.transition, transition.phase != .drain { return gpu.isWaking }
    var due = firstDeadline
    let othersWait = snapshot.models.contains { $0.id != snapshot.active && $0.queueDepth > 0 }
    if snapshot.transition == nil, othersWait { due = min(due, answers.recheck ?? .distantFuture) }
    return due == .distantFuture || timeline.nextDeadline ?? .distantFuture <= due + .microseconds(1)
  }
}

/// Counts switches from one model to another.
private final class SwitchCount: Sendable {
  private let state = Mutex(0)

  var count: Int { state.withLock { $0 } }

  func add() { state.withLock { $0 += 1 } }
}

/// When the policy's last answer wants it to be asked again.
private final class LastAnswer: Sendable {
  private let state = Mutex<Instant?>(nil)

  var recheck: Instant? {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}

/// A policy whose answers are watched, and nothing else.
private struct WatchedPolicy: SwitchPolicy {
  static let name = "watched"
  static let options: [PolicyOption] = []

  private let policy: any SwitchPolicy
  private let answers: LastAnswer

  init(_ policy: any SwitchPolicy, _ answers: LastAnswer) {
    self.policy = policy
    self.answers = answers
  }

  init(options: PolicyOptions) { self.init(FIFO(options: options), LastAnswer()) }

  var drainCap: Duration? { policy.drainCap }

  func decide(in situation: Situation) -> Decision {
    let decision = policy.decide(in: situation)
    if case .reconsider(let instant, _) = decision {
      answers.recheck = max(instant, situation.now)
    } else {
      answers.recheck = nil
    }
    return decision
  }
}

extension Duration {
  /// The nearest whole microsecond.
  fileprivate var microseconds: Int64 { Int64((seconds * 1_000_000).rounded()) }
}
