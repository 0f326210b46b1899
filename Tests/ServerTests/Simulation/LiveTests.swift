import Core
import Foundation
import Testing

@testable import Server

/// What `simulate` foretells is what the switcher does. One after the other: all at once, their many small steps would keep
/// the tests that wait for the network from theirs.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct LiveTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let trace: String
    let policy: String
    let switchSeconds: Double

    var testDescription: String { "\(policy) on \(trace) at \(switchSeconds.formatted()) s a switch" }
  }

  /// Every trace of the reference under each policy, at costs that take turns.
  static let cases = zip(Set(Golden.groups.map(\.trace)).sorted(), 0...).flatMap { trace, index in
    ["fifo", "cost_aware", "scheduler_tick"].map {
      Case(trace: trace, policy: $0, switchSeconds: [2, 5, 10, 20][index % 4])
    }
  }

  @Test(arguments: cases) func `the live switcher's figures are the simulator's, to a twentieth`(
    _ run: Case
  ) async throws {
    let workload = try Golden.workload(run.trace)
    let costs = SimulatedCosts(otherwise: run.switchSeconds)
    let policy = try PolicyChoice(parsing: run.policy).policy(for: workload, costs: costs)
    let simulated = Simulator.run(workload, policy: policy, costs: costs)
    let live = await LiveReplay(workload, policy: policy, costs: costs).run()
    #expect(live.tally.requests == simulated.requests)
    expectNear(live.tally.meanWait, simulated.meanWait, "mean wait")
    expectNear(live.tally.maxWait, simulated.maxWait, "maximum wait")
    expectNear(Double(live.switches), Double(simulated.switches), "switches")
  }

  private func expectNear(_ live: Double, _ simulated: Double, _ what: Comment) {
    #expect(abs(live - simulated) <= simulated * 0.05, what)
  }
}
