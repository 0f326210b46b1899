internal import Core

/// Finds the best that could be done by a policy that knows every request beforehand: exactly, not nearly.
///
/// It plays by the rules of every policy: the GPU goes only to a model that somebody waits for, and only at an event (an
/// arrival, the end of an answer, a landing); who was queued by then for the model that it leaves is served first, without
/// a cap; a switch, once decided, is carried out. A model serves one request at a time.
///
/// An A* search from landing to landing. Nothing is in flight when a model lands, so the time, the model and how many
/// requests of each have been served are all that the future depends on: of two ways to the same landing only the lesser
/// burden counts. What is still to come is estimated from below by a GPU that comes to every other model at once after the
/// one switch that it can't do without, so the first complete schedule to come out is the best.
struct ClairvoyantSearch {
  /// What is to be as small as can be.
  enum Objective: String, CaseIterable {
    case meanWait = "optimum_mean"
    case maxWait = "optimum_max"

    /// The burden, in microseconds, with one more request that waited so long: all their waits together, or the longest.
    func burden(_ burden: Int64, with wait: Int64) -> Int64 { self == .meanWait ? burden + wait : max(burden, wait) }
  }

  /// A model comes to the GPU, with nothing in flight.
  private struct Landing: Hashable {
    let microseconds: Int64
    let model: Int
    /// How many requests of each model have been served.
    var served: [Int]
  }

  /// The best way to a landing so far.
  private struct Way {
    let burden: Int64
    /// Where it was before, and when it was decided to leave; nil for a first model.
    let departure: (from: Landing, microseconds: Int64)?
  }

  private struct Entry: Comparable {
    /// What the whole will come to at the least.
    let bound: Int64
    let burden: Int64
    let landing: Landing
    let isComplete: Bool

    /// Of several that promise the same, the one that is furthest on.
    static func < (left: Entry, right: Entry) -> Bool {
      left.bound == right.bound
        ? left.landing.microseconds > right.landing.microseconds : left.bound < right.bound
    }

    static func == (left: Entry, right: Entry) -> Bool {
      left.bound == right.bound && left.landing.microseconds == right.landing.microseconds
    }
  }

  private let objective: Objective
  private let minActive: Int64
  private let models: [ModelID]
  private let lines: [RequestLine]
  private let all: RequestLine
  /// By the model that is left, then the one that comes.
  private let costs: [[Int64]]
  private var ways: [Landing: Way] = [:]
  private var open = Heap<Entry>()

  /// - Parameter workload: one that `fault(in:costs:)` finds nothing wrong with.
  init(_ objective: Objective, _ workload: Workload, costs: SimulatedCosts, minActive: Duration) {
    self.objective = objective
    self.minActive = minActive.microseconds
    models = workload.models
    lines = workload.models.indices.map { model in RequestLine(workload.requests.filter { $0.model == model }) }
    all = RequestLine(workload.requests)
    self.costs = workload.models.map { from in
      workload.models.map { Int64((costs.seconds(from: from, to: $0) * 1_000_000).rounded()) }
    }
  }

  /// - Parameter limit: how many landings are looked at before the search gives up: some hundred are enough for most of
  ///   the twelve profiles.
  /// - Returns: what to do when; nil when it gave up.
  mutating func schedule(limit: Int = 1_000_000) -> Schedule? {
    // Whoever comes first gets the GPU at no cost; somebody must wait for it.
    for now in Set(all.arrivals) {
      for (model, line) in lines.enumerated() where line.count(by: now) > 0 {
        let landing = Landing(microseconds: now, model: model, served: lines.map { _ in 0 })
        reach(landing, Way(burden: 0, departure: nil))
      }
    }
    var examined = 0
    while let entry = open.first, examined < limit {
      open.removeFirst()
      if entry.isComplete { return schedule(to: entry.landing) }
      guard ways[entry.landing]?.burden == entry.burden else { continue }
      examined += 1
      leave(entry.landing, burden: entry.burden)
    }
    return nil
  }

  // MARK: From landing to landing

  private mutating func reach(_ landing: Landing, _ way: Way) {
    if let known = ways[landing], known.burden <= way.burden { return }
    ways[landing] = way
    let bound = bound(landing, burden: way.burden)
    open.insert(Entry(bound: bound, burden: way.burden, landing: landing, isComplete: false))
  }

  /// Opens every way on from a landing: one for each event at which the model could be left, and each model to go to.
  private mutating func leave(_ landing: Landing, burden: Int64) {
    var stint = Stint(lines[landing.model], landing, burden, objective)
    guard lines.indices.contains(where: { $0 != landing.model && landing.served[$0] < lines[$0].count }) else {
      stint.serve(through: lines[landing.model].count)
      open.insert(Entry(bound: stint.burden, burden: stint.burden, landing: landing, isComplete: true))
      return
    }
    var next: Int64? = landing.microseconds
    while let now = next {
      stint.serve(until: now)
      if now >= landing.microseconds + minActive { depart(landing, stint, now) }
      next = [all.arrival(after: now), stint.freeAt > now ? stint.freeAt : nil].compactMap(\.self).min()
    }
  }

  private mutating func depart(_ landing: Landing, _ stint: Stint, _ now: Int64) {
    var drained = stint
    drained.serve(through: lines[landing.model].count(by: now))
    var served = landing.served
    served[landing.model] = drained.served
    for (model, line) in lines.enumerated() where model != landing.model && line.count(by: now) > served[model] {
      let arrival = max(drained.freeAt, now) + costs[landing.model][model]
      let way = Way(burden: drained.burden, departure: (landing, now))
      reach(Landing(microseconds: arrival, model: model, served: served), way)
    }
  }

  // MARK: The bound

  /// What a way through the landing comes to at the least.
  private func bound(_ landing: Landing, burden: Int64) -> Int64 {
    var queued = Stint(lines[landing.model], landing, burden, objective)
    queued.serve(through: lines[landing.model].count(by: landing.microseconds))
    let departure = max(queued.freeAt, landing.microseconds + minActive)
    let earliest = lines.indices.map { model in
      guard model != landing.model else { return landing.microseconds }
      let cheapest = lines.indices.filter { $0 != model }.map { costs[$0][model] }.min() ?? 0
      return departure + cheapest
    }
    return objective == .meanWait
      ? sharedBound(landing, earliest, burden) : separateBound(landing, earliest, burden)
  }

  /// As if the GPU served all models at no cost from their earliest times on, first come, first served, and every request
  /// were as short as the shortest: the least that their waits can come to together.
  private func sharedBound(_ landing: Landing, _ earliest: [Int64], _ burden: Int64) -> Int64 {
    var burden = burden
    var served = landing.served
    var freeAt = landing.microseconds
    while true {
      var first: (model: Int, at: Int64)?
      for (model, line) in lines.enumerated() where served[model] < line.count {
        let at = max(line.arrivals[served[model]], earliest[model])
        if at < first?.at ?? .max { first = (model, at) }
      }
      guard let (model, at) = first else { return burden }
      freeAt = max(freeAt, at)
      burden += freeAt - lines[model].arrivals[served[model]]
      freeAt += all.shortestWork
      served[model] += 1
    }
  }

  /// As if each model had a GPU of its own from its earliest time on: the least that the longest wait can be.
  private func separateBound(_ landing: Landing, _ earliest: [Int64], _ burden: Int64) -> Int64 {
    lines.indices.reduce(burden) { burden, model in
      let start = Landing(microseconds: earliest[model], model: model, served: landing.served)
      var stint = Stint(lines[model], start, burden, objective)
      stint.serve(through: lines[model].count)
      return stint.burden
    }
  }

  // MARK: The answer

  private func schedule(to last: Landing) -> Schedule {
    var schedule = Schedule()
    var landing = last
    while let departure = ways[landing]?.departure {
      schedule.add(models[landing.model], from: models[departure.from.model], at: departure.microseconds)
      landing = departure.from
    }
    schedule.add(models[landing.model], from: nil, at: landing.microseconds)
    return schedule
  }

  /// One stay of a model on the GPU: it serves its line in order, one request at a time.
  private struct Stint {
    private let line: RequestLine
    private let objective: Objective
    private(set) var served: Int
    private(set) var freeAt: Int64
    private(set) var burden: Int64

    init(_ line: RequestLine, _ landing: Landing, _ burden: Int64, _ objective: Objective) {
      self.line = line
      self.objective = objective
      served = landing.served[landing.model]
      freeAt = landing.microseconds
      self.burden = burden
    }

    /// Starts all that can start by then.
    mutating func serve(until now: Int64) {
      while served < line.count, max(freeAt, line.arrivals[served]) <= now { serveNext() }
    }

    /// Starts the first `count` of the line, however long that takes.
    mutating func serve(through count: Int) {
      while served < count { serveNext() }
    }

    private mutating func serveNext() {
      let start = max(freeAt, line.arrivals[served])
      burden = objective.burden(burden, with: start - line.arrivals[served])
      freeAt = start + line.works[served]
      served += 1
    }
  }
}
