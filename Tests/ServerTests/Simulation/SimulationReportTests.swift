import Core
import Policies
import Testing

@testable import Server

struct SimulationReportTests {
  /// Two requests, a switch of ten seconds between them.
  private func comparison() throws -> Simulation.Comparison {
    var workload = Workload(name: "pair", models: Workload.models(2))
    workload.minActive = .zero
    workload.requests = [
      .init(at: .zero, model: 0, work: .seconds(2)), .init(at: .seconds(1), model: 1, work: .seconds(3)),
    ]
    let costs = SimulatedCosts(otherwise: 10)
    let policy = try PolicyChoice(parsing: "fifo").policy(for: workload, costs: costs)
    let tally = Simulator.run(workload, policy: policy, costs: costs)
    return Simulation.Comparison(workload: "pair", switchCost: 10, rows: [("fifo", tally)])
  }

  @Test func `a table has its columns under each other`() throws {
    #expect(
      try comparison().table == """
        pair, a switch takes 10 s
        policy  requests  timeouts  switches  serving %  busy %  mean   p50    p95    p99    max
        fifo           2         0         1       33.3    33.3  5.50  0.00  11.00  11.00  11.00

        """)
  }

  @Test func `as JSON a row is an object with every figure, in seconds`() throws {
    let row = try #require(try comparison().json.first)
    guard case .object(let members) = row else {
      Issue.record("found \(row)")
      return
    }
    #expect(
      members.map(\.key) == [
        "policy", "workload", "switch_cost", "requests", "done", "timeouts", "switches", "switch_secs", "mean_wait",
        "p50_wait", "p95_wait", "p99_wait", "max_wait", "busy_ratio", "serving_ratio", "jain", "makespan",
      ])
    #expect(members.first { $0.key == "mean_wait" }?.value == .number(5.5))
    #expect(members.first { $0.key == "makespan" }?.value == .number(15))
    #expect(members.first { $0.key == "switch_secs" }?.value == .number(10))
  }
}
