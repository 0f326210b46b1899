import Core
import Policies
import Synchronization
import Testing

@testable import Server

/// Nobody waits longer for the GPU than W + N(V + D + C), whatever comes: with N models, W the staleness limit, C the
/// largest cost of a switch, V the longest that a model may insist on staying, and D the longest drain.
struct StalenessTests {
  private static let runs = 1000

  @Test(arguments: 0..<10) func `cost_aware never breaks its bound in a hundred random runs`(_ batch: Int) {
    for seed in (batch * Self.runs / 10)..<((batch + 1) * Self.runs / 10) {
      let world = World(seed: UInt64(seed))
      let longest = world.longestWait(CostAware(options: PolicyOptions(["min_active_secs": world.minActive])))
      #expect(longest <= world.bound, "seed \(seed)")
    }
  }

  @Test func `a policy that knows no bound breaks it in the same worlds`() {
    let isBroken = (0..<100).contains { seed in
      let world = World(seed: UInt64(seed))
      return world.longestWait(Exhaustive(options: PolicyOptions(["min_active_secs": world.minActive]))) > world.bound
    }
    #expect(isBroken)
  }

  /// A model that is asked for all the time, and others that are now and then.
  private struct World {
    let minActive: Double
    let bound: Double
    private let workload: Workload
    private let costs: SimulatedCosts

    init(seed: UInt64) {
      var random = RandomSource(seed: seed)
      let models = 2 + Int(random.uniform() * 4)
      var pairs: [String: Double] = [:]
      for from in 0..<models {
        for to in 0..<models { pairs["\(from)->\(to)"] = 0.5 + 30 * random.uniform() * random.uniform() }
      }
      let longestWork = 1 + 9 * random.uniform()
      minActive = 10 * random.uniform()
      var workload = Workload(name: "random", models: Workload.models(models))
      workload.slots = 1 + Int(random.uniform() * 4)
      workload.requestTimeout = .seconds(1_000_000)
      let gap = longestWork / Double(workload.slots) * (0.3 + random.uniform())
      for index in 0..<60 {
        let model = random.uniform() < 0.85 ? 0 : Int(random.uniform() * Double(models))
        let work = longestWork * (0.2 + 0.8 * random.uniform())
        workload.requests.append(.init(at: .seconds(Double(index) * gap), model: model, work: .seconds(work)))
      }
      self.workload = workload
      costs = SimulatedCosts(byPair: pairs, otherwise: 0)
      // What was never measured is believed to cost ten seconds.
      let largestCost = pairs.values.max() ?? 0
      let limit = max(60, 12 * max(largestCost, 10))
      let drain = 60 + longestWork
      bound = limit + Double(models) * (max(largestCost, minActive) + drain + largestCost)
    }

    /// The longest that any model had waited for the GPU, since it last had it, when the policy was asked or its switch
    /// landed at the earliest.
    func longestWait(_ policy: any SwitchPolicy) -> Double {
      let witness = Witness(policy, costs)
      _ = Simulator.run(workload, policy: witness, costs: costs)
      return witness.longestWait
    }
  }

  /// A policy that notes how long the others have waited each time that it is asked.
  private final class Witness: SwitchPolicy {
    static let name = "witness"
    static let options: [PolicyOption] = []

    private let policy: any SwitchPolicy
    private let costs: SimulatedCosts
    private let longest = Mutex(0.0)

    init(_ policy: any SwitchPolicy, _ costs: SimulatedCosts) {
      self.policy = policy
      self.costs = costs
    }

    convenience init(options: PolicyOptions) { self.init(CostAware(options: options), SimulatedCosts(otherwise: 0)) }

    var drainCap: Duration? { policy.drainCap }
    var longestWait: Double { longest.withLock { $0 } }

    func decide(in situation: Situation) -> Decision {
      let decision = policy.decide(in: situation)
      for candidate in situation.candidates {
        let since = max(candidate.oldestArrival, candidate.lastLeft ?? candidate.oldestArrival)
        var wait = (situation.now - since).seconds
        if case .switchTo(candidate.model, _) = decision, let active = situation.active {
          wait += costs.seconds(from: active.model, to: candidate.model)
        }
        longest.withLock { $0 = max($0, wait) }
      }
      return decision
    }
  }
}
