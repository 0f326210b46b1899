import Core
import Policies
import TestSupport
import Testing

@testable import Server
@testable import Switcher

/// Nobody waits longer for the GPU than W + N(V + D + C), whatever comes: with N models, W the staleness limit, C the
/// largest cost of a switch, V the longest that a model may insist on staying, and D the longest drain.
@Suite(.computing) struct StalenessTests {
  private static let runs = 1000
  /// So many in each run that a policy without a bound has the time to break it.
  private static let requests = 200

  @Test(arguments: 0..<10) func `cost_aware never breaks its bound in a hundred random runs`(_ batch: Int) {
    for seed in (batch * Self.runs / 10)..<((batch + 1) * Self.runs / 10) {
      let world = World(seed: UInt64(seed), requests: Self.requests)
      let longest = world.longestWait(CostAware(options: PolicyOptions(["min_active_secs": world.minActive])))
      #expect(longest <= world.bound, "seed \(seed)")
    }
  }

  @Test func `a policy that knows no bound breaks it in some of the first twenty`() {
    let isBroken = (0..<20).contains { seed in
      let world = World(seed: UInt64(seed), requests: Self.requests)
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

    init(seed: UInt64, requests: Int) {
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
      for index in 0..<requests {
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

    /// The longest that any model was waited for until it was served: from the arrival of its first waiting request, or
    /// from when it last lost the GPU, to the first grant after its wake.
    func longestWait(_ policy: any SwitchPolicy) -> Double {
      var longest = Duration.zero
      var served: ModelID?
      var lastLeft: [ModelID: Instant] = [:]
      _ = Simulator.run(workload, policy: policy, costs: costs) { effect, now in
        switch effect {
        case .sleep(let model, _):
          served = nil
          lastLeft[model] = now
        case .grant(let grant) where grant.model != served:
          served = grant.model
          // Tickets are issued in the order of arrival, which is that of the workload.
          let arrival = Instant.zero + workload.requests[Int(grant.ticket.number) - 1].at
          longest = max(longest, now - max(arrival, lastLeft[grant.model] ?? arrival))
        default: break
        }
      }
      return longest.seconds
    }
  }
}
