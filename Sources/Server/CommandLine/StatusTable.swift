internal import Foundation

/// What `/control/status` answers, as a table for a person.
struct StatusTable {
  private let status: Status

  /// nil where that is no status, as from another program.
  init?(json: [UInt8]) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let status = try? decoder.decode(Status.self, from: Data(json)) else { return nil }
    self.status = status
  }

  var text: String {
    let pin = status.mode.pinned.map { ", pinned to \($0)" } ?? ""
    let rows = status.models.sorted { $0.key < $1.key }.map { name, model in
      [name, model.state, model.processState, String(model.inFlight), String(model.queueDepth)]
    }
    let table = [["model", "state", "process", "in flight", "waiting"]] + rows
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    let lines = table.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
    let summary = "\(status.state), mode \(status.mode.mode)\(pin), policy \(status.policy)"
    return ([summary] + lines).joined(separator: "\n")
  }
}
