import Core
import Policies
import Synchronization
import TestSupport
import Testing

@testable import Server

/// The clairvoyant optimum, against everything that a policy could have done.
@Suite(.computing) struct OptimumTests {
  @Test(arguments: 0..<5, ClairvoyantSearch.Objective.allCases)
  func `no sequence of decisions does better, and one does as well`(
    _ seed: Int, _ objective: ClairvoyantSearch.Objective
  ) throws {
    let (workload, costs) = Self.smallWorld(seed: UInt64(seed))
    let least = Self.everyTally(workload, costs).map { Self.figure($0, objective) }.min()
    let optimum = try PolicyChoice(parsing: objective.rawValue).policy(for: workload, costs: costs)
    let found = Self.figure(Simulator.run(workload, policy: optimum, costs: costs), objective)
    #expect(try abs(found - #require(least)) < 1e-9)
  }

  @Test(arguments: LlmuxProfiles.names, ClairvoyantSearch.Objective.allCases)
  func `no policy does better over the twelve profiles`(
    _ name: String, _ objective: ClairvoyantSearch.Objective
  ) throws {
    let workload = try #require(LlmuxProfiles.workload(name, work: .milliseconds(100)))
    let costs = SimulatedCosts(otherwise: 10)
    func figure(_ choice: String) throws -> Double {
      let policy = try PolicyChoice(parsing: choice).policy(for: workload, costs: costs)
      return Self.figure(Simulator.run(workload, policy: policy, costs: costs), objective)
    }
    let optimum = try figure(objective.rawValue)
    for choice in ["fifo", "cost_aware", "scheduler_tick:tick_interval_ms=0", "exhaustive"] {
      #expect(try figure(choice) >= optimum - 1e-9, "\(choice)")
    }
  }

  @Test(
    arguments: [
      ("optimum_mean:slots=2", "optimum_mean: balanced: expected 1 slot and no session, found 2 and 0"),
      ("optimum_max", "optimum_max: balanced: found a time-out of 30.0 s"),
    ])
  func `a workload that has no optimum to be found is named`(_ choice: String, _ message: String) throws {
    var workload = try #require(LlmuxProfiles.workload("balanced", work: .seconds(1)))
    workload.requestTimeout = .seconds(30)
    let error = #expect(throws: OptimumFault.self) {
      try PolicyChoice(parsing: choice).policy(for: workload, costs: SimulatedCosts(otherwise: 1))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `a search that would take too long gives up`() throws {
    let workload = try #require(LlmuxProfiles.workload("three_model", work: .seconds(1)))
    var search = ClairvoyantSearch(.maxWait, workload, costs: SimulatedCosts(otherwise: 10), minActive: .zero)
    #expect(search.schedule(limit: 10) == nil)
  }

  // MARK: Everything that a policy could have done

  private static func figure(_ tally: SimulationTally, _ objective: ClairvoyantSearch.Objective) -> Double {
    objective == .meanWait ? tally.meanWait : tally.maxWait
  }

  /// Five requests for two or three models, each pair with a cost of its own.
  private static func smallWorld(seed: UInt64) -> (Workload, SimulatedCosts) {
    var random = RandomSource(seed: seed)
    let models = 2 + Int(random.uniform() * 2)
    var workload = Workload(name: "small", models: Workload.models(models))
    workload.slots = 1
    workload.requestTimeout = .seconds(1_000_000)
    workload.minActive = .seconds(random.uniform() < 0.5 ? 0 : 2)
    workload.requests = (0..<5).map { _ in
      let at = Double(Int(10 * random.uniform()))
      let model = Int(random.uniform() * Double(models))
      return .init(at: .seconds(at), model: model, work: .milliseconds(200 + Int(2000 * random.uniform())))
    }.sorted { $0.at < $1.at }
    var pairs: [String: Double] = [:]
    for from in 0..<models {
      for to in 0..<models { pairs["\(from)->\(to)"] = Double(1 + Int(40 * random.uniform())) / 10 }
    }
    return (workload, SimulatedCosts(byPair: pairs, otherwise: 0))
  }

  /// What comes of every sequence of answers that a policy can give.
  private static func everyTally(_ workload: Workload, _ costs: SimulatedCosts) -> [SimulationTally] {
    var tallies: [SimulationTally] = []
    var answers: [Int]? = []
    while let current = answers {
      let script = Script(current, minActive: workload.minActive)
      tallies.append(Simulator.run(workload, policy: script, costs: costs))
      answers = script.nextAnswers
    }
    return tallies
  }

  /// A policy that gives answers by their numbers, then stays, and notes how many it could have given each time.
  private final class Script: SwitchPolicy {
    static let name = "script"
    static let options: [PolicyOption] = []

    private let answers: [Int]
    private let minActive: Duration
    private let choices = Mutex<[Int]>([])

    init(_ answers: [Int], minActive: Duration) {
      self.answers = answers
      self.minActive = minActive
    }

    convenience init(options: PolicyOptions) { self.init([], minActive: .zero) }

    func decide(in situation: Situation) -> Decision {
      let isReady = situation.active.map { situation.now >= $0.since + minActive } ?? true
      // What is not served by then never will be: the sequence is lost anyway.
      guard isReady, situation.now < Instant.zero + .seconds(1000) else { return .stay(.notWorthIt) }
      let index = choices.withLock { choices in
        choices.append(1 + situation.candidates.count)
        return choices.count - 1
      }
      guard index < answers.count, answers[index] > 0 else { return .stay(.notWorthIt) }
      return .switchTo(situation.candidates[answers[index] - 1].model, .breakEven)
    }

    /// The answers to be tried after these; nil when these were the last.
    var nextAnswers: [Int]? {
      let choices = choices.withLock(\.self)
      var next = answers + Array(repeating: 0, count: choices.count - answers.count)
      while let last = next.popLast() {
        if last + 1 < choices[next.count] { return next + [last + 1] }
      }
      return nil
    }
  }
}
