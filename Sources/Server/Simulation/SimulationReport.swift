internal import Foundation

extension Simulation.Comparison {
  private static let columns = [
    "policy", "requests", "timeouts", "switches", "serving %", "busy %", "mean", "p50", "p95", "p99", "max",
  ]

  /// A table for people, waits in seconds. Serving is the share of service in service and switching, busy that in the
  /// whole run.
  var table: String {
    let cost = switchCost.map { "a switch takes \(JSONValue.number($0).serialized()) s" } ?? "switches by pair"
    let rows = [Self.columns] + rows.map { Self.cells($0.policy, $0.tally) }
    let widths = Self.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + space : space + cell.0
      }.joined(separator: "  ")
    }
    return (["\(workload), \(cost)"] + lines).joined(separator: "\n") + "\n"
  }

  private static func cells(_ policy: String, _ tally: SimulationTally) -> [String] {
    let waits = [tally.meanWait, tally.waitPercentile(50), tally.waitPercentile(95), tally.waitPercentile(99)]
    return [policy, String(tally.requests), String(tally.timeouts), String(tally.switches)]
      + [100 * tally.servingRatio, 100 * tally.busyRatio].map { fixed($0, 1) }
      + (waits + [tally.maxWait]).map { fixed($0, 2) }
  }

  private static func fixed(_ number: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", number) }

  /// One object a policy, times in seconds.
  var json: [JSONValue] {
    rows.map { policy, tally in
      [
        "policy": .string(policy), "workload": .string(workload),
        "switch_cost": switchCost.map(JSONValue.number) ?? .null,
        "requests": .number(tally.requests), "done": .number(tally.done), "timeouts": .number(tally.timeouts),
        "switches": .number(tally.switches), "switch_secs": .number(tally.switchSeconds),
        "mean_wait": .number(tally.meanWait), "p50_wait": .number(tally.waitPercentile(50)),
        "p95_wait": .number(tally.waitPercentile(95)), "p99_wait": .number(tally.waitPercentile(99)),
        "max_wait": .number(tally.maxWait), "busy_ratio": .number(tally.busyRatio),
        "serving_ratio": .number(tally.servingRatio), "jain": .number(tally.jain), "makespan": .number(tally.makespan),
      ]
    }
  }
}
