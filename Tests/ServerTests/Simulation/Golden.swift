import Core
import Foundation
import Policies
import Testing

@testable import Server

/// The reference: traces, and what each policy made of them in another simulator (see `Golden/SPEC.md`).
enum Golden {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Golden").standardizedFileURL

  /// The rows of one trace at one setting, a row a policy.
  struct Group: CustomTestStringConvertible {
    let workload: String
    /// `sc10_svc0.5` for a cost and a service time, else a cost, or `asym`.
    let setting: String
    var rows: [Row] = []

    var testDescription: String { "\(workload), \(setting)" }

    /// The trace's file without its folder and ending.
    var trace: String {
      guard setting.hasPrefix("sc"), let service = setting.split(separator: "_").last else { return workload }
      return "llmux_\(workload)_\(service)"
    }

    var costs: SimulatedCosts {
      guard setting != "asym" else {
        let byTarget = (0..<10).map { ("->\($0)", $0.isMultiple(of: 2) ? 2.0 : 40) }
        return SimulatedCosts(byPair: Dictionary(uniqueKeysWithValues: byTarget), otherwise: 0)
      }
      let cost = setting.hasPrefix("sc") ? setting.dropFirst(2).prefix { $0 != "_" } : setting[...]
      return SimulatedCosts(otherwise: Double(cost) ?? .nan)
    }
  }

  struct Row {
    let policy: String
    /// By the names of the columns.
    let figures: [String: Double]

    /// As the command line names the policy.
    var choice: String {
      switch policy {
      case "drain_first": "scheduler_tick:tick_interval_ms=0"
      case "breakeven": "cost_aware"
      default: policy
      }
    }
  }

  /// The reference's own rows.
  static let groups = groups(in: "expected.csv")

  /// Those of another simulator yet, `Golden/second_simulator.py`: five and ten models that serve sixteen at a time, with
  /// time-outs.
  static let manyModels = groups(in: "many_models.csv")

  private static func groups(in file: String) -> [Group] {
    guard let text = try? String(contentsOf: folder.appending(path: file), encoding: .utf8) else { return [] }
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard let columns = lines.first else { return [] }
    var groups: [Group] = []
    for cells in lines.dropFirst() {
      if groups.last?.workload != cells[0] || groups.last?.setting != cells[1] {
        groups.append(Group(workload: cells[0], setting: cells[1]))
      }
      let figures = zip(columns, cells).dropFirst(3).compactMap { column, cell in Double(cell).map { (column, $0) } }
      groups[groups.count - 1].rows.append(Row(policy: cells[2], figures: Dictionary(uniqueKeysWithValues: figures)))
    }
    return groups
  }

  static func workload(_ trace: String) throws -> Workload {
    try TraceFile.read(folder.appending(path: "traces/\(trace).json").path)
  }
}
