/// What happened in a simulated run, and the figures that follow from it. Waits are in seconds.
struct SimulationTally: Sendable {
  private(set) var timeouts = 0
  private(set) var done = 0
  private(set) var switches = 0
  private(set) var switchSeconds = 0.0
  private var busyMicroseconds: Int64 = 0
  private var busySince: Int64 = 0
  private var lastCompletion: Int64 = 0
  private var waits: [Double] = []
  private var waitsByModel: [[Double]]

  init(models: Int) { waitsByModel = Array(repeating: [], count: models) }

  mutating func waited(_ microseconds: Int64, model: Int) {
    let seconds = Double(microseconds) / 1_000_000
    waits.append(seconds)
    waitsByModel[model].append(seconds)
  }

  mutating func timedOut(after microseconds: Int64, model: Int) {
    timeouts += 1
    waited(microseconds, model: model)
  }

  mutating func completed(at now: Int64) {
    done += 1
    lastCompletion = now
  }

  mutating func busy(from now: Int64) { busySince = now }

  mutating func busy(until now: Int64) { busyMicroseconds += now - busySince }

  mutating func switched(isFirst: Bool, _ microseconds: Int64) {
    guard !isFirst else { return }
    switches += 1
    switchSeconds += Double(microseconds) / 1_000_000
  }

  // MARK: Figures

  var requests: Int { waits.count }
  var makespan: Double { Double(lastCompletion) / 1_000_000 }
  private var busySeconds: Double { Double(busyMicroseconds) / 1_000_000 }

  /// How much of the whole run somebody was served in.
  var busyRatio: Double { makespan > 0 ? busySeconds / makespan : 0 }

  /// How much of the GPU's working time was service rather than switching.
  var servingRatio: Double {
    let working = busySeconds + switchSeconds
    return working > 0 ? busySeconds / working : 0
  }

  var meanWait: Double { waits.isEmpty ? 0 : waits.reduce(0, +) / Double(waits.count) }
  var maxWait: Double { waits.max() ?? 0 }

  /// By nearest rank.
  func waitPercentile(_ percent: Double) -> Double {
    guard !waits.isEmpty else { return 0 }
    let rank = Int((percent / 100 * Double(waits.count)).rounded(.up))
    return waits.sorted()[max(rank, 1) - 1]
  }

  /// Jain's index of how evenly the models wait: 1 when all wait alike. A tenth of a second is added to each mean, so
  /// that hardly any wait at all does not count as unfair.
  var jain: Double {
    let means = waitsByModel.filter { !$0.isEmpty }.map { 0.1 + $0.reduce(0, +) / Double($0.count) }
    let squares = means.reduce(0) { $0 + $1 * $1 }
    guard squares > 0 else { return 1 }
    let sum = means.reduce(0, +)
    return sum * sum / (Double(means.count) * squares)
  }
}
