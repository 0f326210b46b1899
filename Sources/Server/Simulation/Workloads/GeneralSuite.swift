internal import Core
internal import Glibc

/// Half an hour of traffic of many kinds, drawn anew for each seed.
///
/// How much comes is told as a share of what the GPU could do if it never switched: the offered load. Sixteen requests are
/// served at a time, each slowing the others down by three percent, so that the whole is 16 / 1.45 = 11 seconds of work a
/// second. Every kind is offered half of that, as an average over all models and the half hour, but for the light ones (a
/// tenth) and overload (six fifths).
///
/// How long answers take was measured: models of even index answer like the coding service in the excerpt of Microsoft
/// Azure's trace of 2023 that the simulator is tested with, those of odd index like its conversation service; people who
/// chat are those of the trace `chat_2`. Callers wait five minutes at the most.
struct GeneralSuite {
  /// Work or thought that is distributed lognormally, in seconds.
  private struct Length {
    let median: Double
    let sigma: Double

    static let code = Length(median: 0.64, sigma: 0.68)
    static let conversation = Length(median: 3.47, sigma: 0.85)
    static let chat = Length(median: 4.12, sigma: 0.73)
    static let thought = Length(median: 16.5, sigma: 0.97)

    static func of(model: Int) -> Length { model.isMultiple(of: 2) ? code : conversation }

    var mean: Double { median * exp(sigma * sigma / 2) }
  }

  /// How the requests are spread over the models.
  private enum Shares {
    case balanced
    /// The n-th model gets 1/n of what the first gets.
    case zipf

    /// The models' shares, which add up to 1.
    func weights(_ models: Int) -> [Double] {
      let weights = (1...models).map { self == .balanced ? 1 : 1 / Double($0) }
      let sum = weights.reduce(0, +)
      return weights.map { $0 / sum }
    }
  }

  private struct Kind {
    let name: String
    let models: Int
    let load: Double
    let draw: @Sendable (inout GeneralSuite) -> Void

    init(_ name: String, _ models: Int, load: Double = 0.5, draw: @escaping @Sendable (inout GeneralSuite) -> Void) {
      self.name = name
      self.models = models
      self.load = load
      self.draw = draw
    }
  }

  private static let kinds = [
    Kind("poisson_2_balanced", 2) { $0.drawPoisson(.balanced) },
    Kind("poisson_2_zipf", 2) { $0.drawPoisson(.zipf) },
    Kind("poisson_3_balanced", 3) { $0.drawPoisson(.balanced) },
    Kind("poisson_3_zipf", 3) { $0.drawPoisson(.zipf) },
    Kind("poisson_5_balanced", 5) { $0.drawPoisson(.balanced) },
    Kind("poisson_5_zipf", 5) { $0.drawPoisson(.zipf) },
    Kind("poisson_10_balanced", 10) { $0.drawPoisson(.balanced) },
    Kind("poisson_10_zipf", 10) { $0.drawPoisson(.zipf) },
    Kind("light_2", 2, load: 0.1) { $0.drawPoisson(.balanced) },
    Kind("light_5", 5, load: 0.1) { $0.drawPoisson(.zipf) },
    Kind("on_off_2", 2) { $0.drawOnOff() },
    Kind("on_off_5", 5) { $0.drawOnOff() },
    Kind("diurnal_3", 3) { $0.drawDiurnal() },
    Kind("diurnal_5", 5) { $0.drawDiurnal() },
    Kind("chat_2", 2) { $0.drawChat() },
    Kind("chat_5", 5) { $0.drawChat() },
    Kind("batch_interactive_2", 2) { $0.drawBatchWithInteractive() },
    Kind("batch_interactive_3", 3) { $0.drawBatchWithInteractive() },
    Kind("overload_3", 3, load: 1.2) { $0.drawPoisson(.balanced) },
  ]

  static let names = kinds.map(\.name)

  private static let horizonSeconds = 1800.0
  private static let slots = 16
  private static let batchSlowdown = 0.03
  /// How many seconds of work the GPU does in one when all slots are taken.
  private static let capacity = Double(slots) / (1 + batchSlowdown * Double(slots - 1))

  private let models: Int
  /// The work that comes, in seconds of work a second.
  private let offered: Double
  private var random: RandomSource
  private var requests: [Workload.Request] = []
  private var sessions: [Workload.Session] = []

  static func workload(_ name: String, seed: UInt64) -> Workload? {
    guard let kind = kinds.first(where: { $0.name == name }) else { return nil }
    // Each workload has numbers of its own, whichever others are drawn beside it.
    let salt = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    var suite = GeneralSuite(
      models: kind.models, offered: kind.load * capacity, random: RandomSource(seed: seed ^ salt))
    kind.draw(&suite)
    return suite.workload(name)
  }

  // MARK: Kinds of traffic

  /// Requests that know nothing of each other.
  private mutating func drawPoisson(_ shares: Shares) {
    let weights = shares.weights(models)
    let rate = rate(of: offered, weights)
    drawArrivals(0, Self.horizonSeconds, perSecond: rate) { $0.index(weights: weights) }
  }

  /// Each model is asked for in spells of a minute, with silences of two minutes between them.
  private mutating func drawOnOff() {
    let rate = rate(of: offered, Shares.balanced.weights(models)) / Double(models)
    for model in 0..<models {
      var now = random.exponential(mean: 120)
      while now < Self.horizonSeconds {
        let end = now + random.exponential(mean: 60)
        drawArrivals(now, min(end, Self.horizonSeconds), perSecond: 3 * rate) { _ in model }
        now = end + random.exponential(mean: 120)
      }
    }
  }

  /// Each model's load swells to twice its mean and ebbs away over a quarter of an hour, one model's after the other's.
  private mutating func drawDiurnal() {
    let peak = 2 * rate(of: offered, Shares.balanced.weights(models)) / Double(models)
    for model in 0..<models {
      let phase = Double(model) / Double(models)
      var now = random.exponential(mean: 1 / peak)
      while now < Self.horizonSeconds {
        let level = 0.5 + 0.5 * sin(2 * .pi * (now / 900 - phase))
        if random.uniform() < level { addRequest(at: now, model) }
        now += random.exponential(mean: 1 / peak)
      }
    }
  }

  /// People who read each answer and think before they ask again: as many as would offer that load if they never waited.
  private mutating func drawChat() {
    let people = offered * (Length.thought.mean + Length.chat.mean) / Length.chat.mean
    for person in 0..<max(Int(people.rounded()), models) {
      let start = Duration.seconds(120 * random.uniform())
      let turns = (0..<20).map { _ in
        let work = draw(.chat)
        return Workload.Session.Turn(model: person % models, work: work, think: draw(.thought))
      }
      sessions.append(Workload.Session(start: start, turns: turns))
    }
  }

  /// Half of the load comes for the last model, all at once every ten minutes, in conversations; people ask the others
  /// all the time.
  private mutating func drawBatchWithInteractive() {
    let batchSize = Int((offered / 2 * 600 / Length.conversation.mean).rounded())
    for batch in 0..<3 {
      let start = 600 * Double(batch) + 300 * random.uniform()
      for _ in 0..<batchSize { addRequest(at: start, models - 1, .conversation) }
    }
    let weights = Shares.balanced.weights(models - 1)
    drawArrivals(0, Self.horizonSeconds, perSecond: rate(of: offered / 2, weights)) { $0.index(weights: weights) }
  }

  // MARK: Parts

  /// How many requests a second bring that much work, spread over the models by their weights.
  private func rate(of offered: Double, _ weights: [Double]) -> Double {
    offered / weights.enumerated().reduce(0) { $0 + $1.element * Length.of(model: $1.offset).mean }
  }

  private mutating func drawArrivals(
    _ start: Double, _ end: Double, perSecond rate: Double, model: (inout RandomSource) -> Int
  ) {
    var now = start + random.exponential(mean: 1 / rate)
    while now < end {
      addRequest(at: now, model(&random))
      now += random.exponential(mean: 1 / rate)
    }
  }

  private mutating func addRequest(at seconds: Double, _ model: Int, _ length: Length? = nil) {
    requests.append(.init(at: .seconds(seconds), model: model, work: draw(length ?? .of(model: model))))
  }

  private mutating func draw(_ length: Length) -> Duration {
    .seconds(random.lognormal(median: length.median, sigma: length.sigma))
  }

  private func workload(_ name: String) -> Workload {
    var workload = Workload(name: name, models: Workload.models(models))
    workload.slots = Self.slots
    workload.batchSlowdown = Self.batchSlowdown
    workload.minActive = .seconds(2)
    workload.requests = requests.sorted { $0.at < $1.at }
    workload.sessions = sessions
    return workload
  }
}

extension GeneralSuite {
  private init(models: Int, offered: Double, random: RandomSource) {
    self.models = models
    self.offered = offered
    self.random = random
  }
}
