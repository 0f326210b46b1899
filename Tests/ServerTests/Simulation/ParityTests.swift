import Policies
import TestSupport
import Testing

@testable import Server

/// The simulator against two others that were written apart from it, over the same traces.
@Suite(.computing) struct ParityTests {
  @Test func `every row of the reference is compared`() {
    #expect(Golden.groups.flatMap(\.rows).count == 376)
    #expect(Golden.manyModels.flatMap(\.rows).count == 12)
  }

  @Test(arguments: Golden.groups + Golden.manyModels)
  func `every figure is within a thousandth of the reference`(_ group: Golden.Group) throws {
    let workload = try Golden.workload(group.trace)
    for row in group.rows {
      let policy = try PolicyChoice(parsing: row.choice).policy(for: workload, costs: group.costs)
      let figures = Self.figures(Simulator.run(workload, policy: policy, costs: group.costs))
      for (name, figure) in figures {
        let expected = try #require(row.figures[name])
        // Half of the last digit that is printed comes on top.
        let tolerance = 0.001 * abs(expected) + 0.000_06
        #expect(abs(figure - expected) <= tolerance, "\(row.policy) \(name): found \(figure), expected \(expected)")
      }
    }
  }

  private static func figures(_ tally: SimulationTally) -> [(String, Double)] {
    [
      ("requests", Double(tally.requests)), ("done", Double(tally.done)), ("timeouts", Double(tally.timeouts)),
      ("switches", Double(tally.switches)), ("mean_wait", tally.meanWait), ("p50", tally.waitPercentile(50)),
      ("p95", tally.waitPercentile(95)), ("p99", tally.waitPercentile(99)), ("max_wait", tally.maxWait),
      ("busy_frac", tally.busyRatio), ("serve_over_serve_plus_switch", tally.servingRatio), ("jain", tally.jain),
      ("makespan", tally.makespan), ("switch_time", tally.switchSeconds),
    ]
  }

  @Test(arguments: LlmuxProfiles.names, [0.1, 0.5, 1, 2])
  func `the built-in profiles are those of the reference`(_ name: String, _ service: Double) throws {
    let suffix = service == service.rounded() ? "\(Int(service))" : "\(service)"
    let golden = try Golden.workload("llmux_\(name)_svc\(suffix)")
    let builtIn = try #require(LlmuxProfiles.workload(name, work: .seconds(service)))
    #expect(builtIn.requests == golden.requests)
    #expect(builtIn.models == golden.models)
    #expect(builtIn.slots == golden.slots)
    #expect(builtIn.requestTimeout == golden.requestTimeout)
    #expect(builtIn.minActive == golden.minActive)
  }
}
