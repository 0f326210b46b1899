internal import Core
internal import Policies

@testable import Switcher

/// What is legal in a world, whatever happens in it.
extension World {
  func openGrants(on model: ModelID) -> Int {
    openGrants.count { $0.model == model && $0.instance == servers[index(of: model)].instance }
  }

  /// When the drain under way is to be over.
  var drainLimit: Instant? {
    drain.flatMap { drain in limits[index(of: drain.model)].drainTimeout.map { drain.began + $0 } }
  }

  /// When requests are to be cut off next, if there are any then.
  private var nextCut: Instant? {
    drainLimit.map { max($0, drain?.lastCut.map { $0 + .seconds(1) } ?? $0) }
  }

  mutating func checkCut(_ model: ModelID, _ requests: Int) {
    if drain?.model != model || nextCut.map({ now < $0 }) ?? true {
      report("the requests on \(model) were cut off in \(drain.map { "\($0)" } ?? "no drain")")
    }
    if requests == 0 || requests != openGrants(on: model) { report("\(requests) requests on \(model) were cut off") }
  }

  mutating func checkSleep(_ model: ModelID) {
    let server = servers[index(of: model)]
    if isClosed { report("\(model) was put to sleep after the shutdown") }
    if openGrants(on: model) > 0 { report("\(model) was put to sleep under its requests") }
    if machine.transition?.trigger == .idle { checkIdleness(model) }
    if server.work != nil || !server.seemsAwake { report("\(model) was put to sleep while it is \(server)") }
    if let transition = machine.transition, transition.isPolicyDriven,
      !waiters.contains(where: { $0.model == transition.to })
    {
      report("\(model) was put to sleep for nobody")
    }
    for other in models where other != model && servers[index(of: other)].holdsGPU {
      report("\(model) was put to sleep while \(other) is \(servers[index(of: other)])")
    }
  }

  /// A model goes to sleep by itself when it has had nothing to do for as long as it is to bear that, and nobody waits.
  mutating func checkIdleness(_ model: ModelID) {
    let idle = now - (lastUse[model] ?? .zero)
    let target = machine.transition?.to
    let limit = target.map { limits[index(of: $0)].returnDelay } ?? limits[index(of: model)].idleSleep
    if idle < limit ?? .seconds(Int64.max) {
      report("\(model) went to sleep by itself after \(idle), for \(target?.name ?? "none")")
    }
    if !waiters.isEmpty { report("\(model) went to sleep by itself while somebody waits") }
  }

  mutating func checkWake(_ model: ModelID) {
    let server = servers[index(of: model)]
    if server.work != nil || server.body == .broken { report("\(model) was woken while it is \(server)") }
    if server.body == .awake { report("\(model) was woken while it is awake") }
    if let begun = machine.transition, begun.commands.isEmpty, begun.trigger != .recovery || machine.mode.isManual,
      let since = asleepSince[model], now < since + limits[index(of: model)].minSleep
    {
      report("\(model) was woken \(now - since) after it fell asleep")
    }
    for other in models where other != model && servers[index(of: other)].holdsGPU {
      report("\(model) was woken while \(other) is \(servers[index(of: other)])")
    }
    if isClosed { report("\(model) was woken after the shutdown") }
    if server.isRetiring || !configured.contains(model) { report("\(model) was woken as it was to be replaced") }
  }

  mutating func checkStop(_ model: ModelID) {
    let server = servers[index(of: model)]
    if openGrants(on: model) > 0, server.lastDead != server.instance {
      report("\(model) was stopped under its requests")
    }
    if server.body == .awake { report("\(model) was stopped while it is awake") }
    switch server.work {
    case _ where server.isRetiring: report("\(model) was stopped while its server is ended for good")
    case .stopping: report("\(model) was stopped twice at a time")
    case .sleeping: report("\(model) was stopped in its sleep's place")
    case .waking, nil: break
    }
  }

  mutating func checkRetirement(_ model: ModelID) {
    let server = servers[index(of: model)]
    if openGrants(on: model) > 0, server.lastDead != server.instance { report("\(model) was ended under its requests") }
    if server.body == .awake { report("\(model) was ended while it is awake") }
    if server.isRetiring { report("\(model) was ended twice") }
    if isClosed { report("\(model) was ended after the shutdown, which ends them all") }
  }

  /// Those who look on know each state, unless the timer is late that ends a back-off.
  mutating func checkTold(_ model: ModelID, _ state: LifecycleState) {
    let told = toldStates[model] ?? .stopped
    let isLate = timer.map { $0 <= now } ?? false
    if told != state, told != .failed || !isLate { report("\(model) is \(state), and \(told) was told") }
  }

  /// A command is said to be carried out only when it is.
  mutating func checkSuccess(_ command: Command) {
    switch command {
    case .auto, .manual, .unpin, .setEviction: break
    case .pin(let model), .force(let model), .wake(let model):
      let server = servers[index(of: model)]
      if server.work != nil || !server.seemsAwake { report("\(model) is said to be awake while it is \(server)") }
    case .sleep(let model, let eviction):
      let server = servers[index(of: model)]
      if server.holdsGPU || eviction?.process == .stop && server.body != .stopped {
        report("\(model) is said to be asleep while it is \(server)")
      }
      if lastAwake == model { lastAwake = nil }
    }
  }

  /// In manual mode a switch begins for the operator, for the one model that is served, or to get back from a failure.
  mutating func checkReason(_ events: [Event]) {
    guard let begun = machine.transition else { return }
    let isCommanded = begun.commands.contains { command in pendingCommands.contains { $0.id == command } }
    let isAwaited = waiters.contains { $0.model == begun.to }
    let isWanted =
      switch begun.trigger {
      case .force: isCommanded
      case .reload: begun.to == nil
      case .pin: isCommanded || isAwaited && begun.to == machine.mode.pinned
      case .recovery: isAwaited && begun.to == lastAwake || events.contains { $0.isFailedStop }
      default: false
      }
    if !isWanted { report("in manual mode a switch to \(begun.to?.name ?? "none") began for \(begun.trigger)") }
  }

  /// What the machine believes is what the world is.
  mutating func checkBooks() {
    for (position, model) in machine.models.enumerated() {
      checkTold(model.id, machine.lifecycleState(position, now))
      let server = servers[index(of: model.id)]
      let open = openGrants.count { $0.model == model.id && $0.instance == model.awake?.instance }
      if model.inFlight != open { report("\(model.id) counts \(model.inFlight) in flight, there are \(open)") }
      let waiting = waiters.count { $0.model == model.id }
      if model.queue.count != waiting {
        report("\(model.id) counts \(model.queue.count) waiting, there are \(waiting)")
      }
      if machine.transition == nil, model.hasFreeSlot, waiting > 0 { report("\(model.id) is idle, yet somebody waits") }
      if model.awake != nil, configured.contains(model.id) { lastAwake = model.id }
      if model.awake != nil, !server.seemsAwake, server.work == nil {
        report("\(model.id) is taken to be awake")
      }
    }
    if machine.mode != toldMode { report("the mode is \(machine.mode), and \(toldMode) was told") }
    if machine.waitingCount != waiters.count { report("the count of those who wait is off") }
    let due = waiters.map(\.deadline).min() ?? .distantFuture
    if due < timer ?? .distantFuture { report("no timer for the first deadline") }
    if let nextCut, nextCut < timer ?? .distantFuture { report("no timer for the end of a drain") }
    let spent = machine.gpuTime.totals(at: now).values.reduce(Duration.zero, +)
    if spent != now - Instant.zero { report("of \(now) only \(spent) is accounted for") }
  }
}
