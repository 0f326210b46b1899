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
    let table = TextTable(rows: [["model", "state", "process", "in flight", "waiting"]] + rows)
    let summary = "\(status.state), mode \(status.mode.mode)\(pin), policy \(status.policy)"
    return summary + "\n" + table.text
  }
}
