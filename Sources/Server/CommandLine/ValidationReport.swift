internal import Core
internal import Foundation

/// What came of cycling a model through sleep and wake.
struct ValidationReport: Hashable {
  /// Whether the model said the same before and after.
  enum Answer: String, Hashable { case identical, different, none }

  /// One sleep and one wake.
  struct Cycle: Hashable {
    /// As the daemon was told, or the model is configured; nil where that is not known.
    let eviction: Eviction?
    /// The daemon's own times, without what else it did in between; nil for what did not happen.
    var sleepSeconds: Double?
    var wakeSeconds: Double?
    var memory = Memory()
    var answer = Answer.none
    /// Why it is no success, worded for a person.
    var failure: String?
  }

  /// The GPU's memory in use, in MiB; nil where that is not known.
  struct Memory: Hashable {
    var beforeMiB: Int?
    var asleepMiB: Int?
    var awakeMiB: Int?
  }

  let model: String
  var cycles: [Cycle] = []

  var isSuccess: Bool { cycles.allSatisfy { $0.failure == nil } }

  /// A table for a person.
  var table: String {
    let columns = [
      "eviction", "sleep s", "wake s", "GPU MiB before", "asleep", "on wake", "answer", "result",
    ]
    let rows = cycles.map { cycle in
      [cycle.name] + [cycle.sleepSeconds, cycle.wakeSeconds].map { $0.map { String(format: "%.2f", $0) } ?? "-" }
        + [cycle.memory.beforeMiB, cycle.memory.asleepMiB, cycle.memory.awakeMiB].map { $0.map(String.init) ?? "-" }
        + [cycle.answer.rawValue, cycle.failure ?? "ok"]
    }
    return TextTable(rows: [columns] + rows).text
  }

  /// An object a cycle.
  var json: JSONValue {
    .array(
      cycles.map { cycle in
        [
          "model": .string(model), "eviction": .string(cycle.name),
          "sleep_secs": cycle.sleepSeconds.map(JSONValue.number) ?? .null,
          "wake_secs": cycle.wakeSeconds.map(JSONValue.number) ?? .null,
          "gpu_mib": [
            "before": cycle.memory.beforeMiB.map(JSONValue.number) ?? .null,
            "asleep": cycle.memory.asleepMiB.map(JSONValue.number) ?? .null,
            "awake": cycle.memory.awakeMiB.map(JSONValue.number) ?? .null,
          ],
          "answer": .string(cycle.answer.rawValue), "ok": .bool(cycle.failure == nil),
          "failure": cycle.failure.map { .string($0) } ?? .null,
        ]
      })
  }
}

extension ValidationReport.Cycle {
  fileprivate var name: String { eviction?.description ?? "as configured" }
}
