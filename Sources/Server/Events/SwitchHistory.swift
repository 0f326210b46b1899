internal import Core
internal import Policies
internal import Switcher
internal import Synchronization

/// The switches that have ended, as many as are worth keeping.
final class SwitchHistory: Sendable {
  static let capacity = 300

  private let records = Mutex(Ring<SwitchRecord>(capacity: SwitchHistory.capacity))

  /// To be called with every notice, in order.
  func observe(_ notice: Notice) {
    if case .switchEnded(let record) = notice { records.withLock { $0.append(record) } }
  }

  /// Up to so many of the last, the newest first.
  func newest(_ limit: Int) -> [SwitchRecord] { records.withLock { $0.newest(limit) } }
}

extension JSONValue {
  /// A switch that has ended, as the history and the stream of events tell it.
  init(_ record: SwitchRecord, _ clock: WallClock) {
    self = [
      "number": .number(Int(record.number)),
      "from": .name(record.from),
      "to": .name(record.to),
      "trigger": .string(record.trigger.rawValue),
      "reason": record.reason.map { .string($0.rawValue) } ?? .null,
      "outcome": .string(record.outcome.rawValue),
      "failure": record.failure.map { .string($0.message) } ?? .null,
      "phases": .array(
        record.phases.map { ["phase": .string($0.phase.rawValue), "seconds": .seconds($0.duration)] }),
      "cut_requests": .number(record.cutRequests),
      "total_seconds": .seconds(record.total),
      "started_at": .timestamp(record.decidedAt, clock),
      "ended_at": .timestamp(record.endedAt, clock),
    ]
  }
}
