internal import Core
internal import Glibc

/// Half an hour of traffic of many kinds, drawn anew for each seed.
///
/// The load is that of the excerpt of Microsoft Azure's trace of 2023 that the simulator is tested with: a request every
/// three seconds over all models, most answers in two seconds and some in twenty. Up to 16 are produced at a time, and
/// each slows the others down by three percent. Callers wait five minutes at the most.
struct GeneralSuite {
  /// How the requests are spread over the models.
  private enum Shares {
    case balanced
    /// The n-th model gets 1/n of what the first gets.
    case zipf

    func weights(_ models: Int) -> [Double] {
      (1...models).map { self == .balanced ? 1 : 1 / Double($0) }
    }
  }

  static let names = [
    "poisson_2_balanced", "poisson_2_zipf", "poisson_3_balanced", "poisson_3_zipf", "poisson_5_balanced",
    "poisson_5_zipf", "poisson_10_balanced", "poisson_10_zipf", "light_2", "light_5", "on_off_2", "on_off_5",
    "diurnal_3", "diurnal_5", "chat_2", "chat_5", "batch_interactive_2", "batch_interactive_3", "overload_3",
  ]

  private static let horizonSeconds = 1800.0

  private let name: String
  private var random: RandomSource
  private var requests: [Workload.Request] = []
  private var sessions: [Workload.Session] = []

  static func workload(_ name: String, seed: UInt64) -> Workload? {
    // Each workload has numbers of its own, whichever others are drawn beside it.
    let salt = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    var suite = GeneralSuite(name: name, random: RandomSource(seed: seed ^ salt))
    return suite.draw()
  }

  private mutating func draw() -> Workload? {
    switch name {
    case "poisson_2_balanced": return poisson(2, .balanced, perSecond: 0.3)
    case "poisson_2_zipf": return poisson(2, .zipf, perSecond: 0.3)
    case "poisson_3_balanced": return poisson(3, .balanced, perSecond: 0.3)
    case "poisson_3_zipf": return poisson(3, .zipf, perSecond: 0.3)
    case "poisson_5_balanced": return poisson(5, .balanced, perSecond: 0.3)
    case "poisson_5_zipf": return poisson(5, .zipf, perSecond: 0.3)
    case "poisson_10_balanced": return poisson(10, .balanced, perSecond: 0.3)
    case "poisson_10_zipf": return poisson(10, .zipf, perSecond: 0.3)
    case "light_2": return poisson(2, .balanced, perSecond: 0.05)
    case "light_5": return poisson(5, .zipf, perSecond: 0.05)
    case "on_off_2": return onOff(2)
    case "on_off_5": return onOff(5)
    case "diurnal_3": return diurnal(3)
    case "diurnal_5": return diurnal(5)
    case "chat_2": return chat(2)
    case "chat_5": return chat(5)
    case "batch_interactive_2": return batchWithInteractive(2)
    case "batch_interactive_3": return batchWithInteractive(3)
    case "overload_3": return poisson(3, .balanced, perSecond: 2.5)
    default: return nil
    }
  }

  // MARK: Kinds of traffic

  /// Requests that know nothing of each other.
  private mutating func poisson(_ models: Int, _ shares: Shares, perSecond rate: Double) -> Workload {
    let weights = shares.weights(models)
    arrivals(0, Self.horizonSeconds, perSecond: rate) { $0.index(weights: weights) }
    return workload(models)
  }

  /// Each model is asked for in spells of a minute, with silences of two minutes between them.
  private mutating func onOff(_ models: Int) -> Workload {
    for model in 0..<models {
      var now = random.exponential(mean: 120)
      while now < Self.horizonSeconds {
        let end = now + random.exponential(mean: 60)
        arrivals(now, min(end, Self.horizonSeconds), perSecond: 0.3) { _ in model }
        now = end + random.exponential(mean: 120)
      }
    }
    return workload(models)
  }

  /// Each model's load swells and ebbs over a quarter of an hour, one model's after the other's.
  private mutating func diurnal(_ models: Int) -> Workload {
    let peak = 0.6 / Double(models)
    for model in 0..<models {
      let phase = Double(model) / Double(models)
      var now = random.exponential(mean: 1 / peak)
      while now < Self.horizonSeconds {
        let level = 0.5 + 0.5 * sin(2 * .pi * (now / 900 - phase))
        if random.uniform() < level { request(at: now, model) }
        now += random.exponential(mean: 1 / peak)
      }
    }
    return workload(models)
  }

  /// Sixteen people who read each answer, a longer one than most, and think before they ask again.
  private mutating func chat(_ models: Int) -> Workload {
    for person in 0..<16 {
      let start = Duration.seconds(120 * random.uniform())
      let turns = (0..<20).map { _ in
        let work = random.lognormal(median: 4, sigma: 0.7)
        let think = random.lognormal(median: 16, sigma: 0.95)
        return Workload.Session.Turn(model: person % models, work: .seconds(work), think: .seconds(think))
      }
      sessions.append(Workload.Session(start: start, turns: turns))
    }
    return workload(models)
  }

  /// The last model gets sixty requests at once, every ten minutes; people ask the others all the time.
  private mutating func batchWithInteractive(_ models: Int) -> Workload {
    for batch in 0..<3 {
      let start = 600 * Double(batch) + 300 * random.uniform()
      for _ in 0..<60 { request(at: start, models - 1) }
    }
    let interactive = models - 1
    arrivals(0, Self.horizonSeconds, perSecond: 0.3) { Int($0.uniform() * Double(interactive)) }
    return workload(models)
  }

  // MARK: Parts

  private mutating func arrivals(
    _ start: Double, _ end: Double, perSecond rate: Double, model: (inout RandomSource) -> Int
  ) {
    var now = start + random.exponential(mean: 1 / rate)
    while now < end {
      request(at: now, model(&random))
      now += random.exponential(mean: 1 / rate)
    }
  }

  private mutating func request(at seconds: Double, _ model: Int) {
    requests.append(.init(at: .seconds(seconds), model: model, work: work()))
  }

  private mutating func work() -> Duration { .seconds(random.lognormal(median: 1.9, sigma: 1.15)) }

  private func workload(_ models: Int) -> Workload {
    var workload = Workload(name: name, models: Workload.models(models))
    workload.batchSlowdown = 0.03
    workload.minActive = .seconds(2)
    workload.requests = requests.sorted { $0.at < $1.at }
    workload.sessions = sessions
    return workload
  }
}

extension GeneralSuite {
  private init(name: String, random: RandomSource) {
    self.name = name
    self.random = random
  }
}
