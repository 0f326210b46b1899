internal import Foundation

/// An event as a line of the terminal.
enum EventLine {
  private static let time = Date.VerbatimFormatStyle(
    format:
      "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
    timeZone: .current, calendar: Calendar(identifier: .gregorian))

  /// The event with its data as they came.
  static func json(_ event: EventStreamParser.Event) -> String {
    let name = JSONValue.string(event.name).serialized()
    let id = (event.id.map { .string($0) } ?? JSONValue.null).serialized()
    return #"{"id":\#(id),"event":\#(name),"data":\#(event.data)}"#
  }

  /// What happened, for a person; nothing in it can do anything to a terminal.
  static func text(_ event: EventStreamParser.Event, at date: Date) -> String {
    let text = sentence(event) ?? event.data
    let printable = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
    let gap = String(repeating: " ", count: max(7 - event.name.count, 1))
    return "\(date.formatted(time)) \(event.name)\(gap)\(String(printable))"
  }

  /// Nil for an event of another version, which is shown as it came.
  private static func sentence(_ event: EventStreamParser.Event) -> String? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    func decode<Value: Decodable>(_ type: Value.Type) -> Value? {
      try? decoder.decode(type, from: Data(event.data.utf8))
    }
    return switch StreamEvent.Kind(rawValue: event.name) {
    case .state: decode(StateNews.self)?.text
    case .queue: decode(QueueNews.self)?.text
    case .switch: decode(SwitchNews.self)?.text
    case .mode: decode(ModeNews.self)?.text
    case .health: decode(HealthNews.self)?.text
    case .policy: decode(PolicyNews.self)?.policy
    case .reload: decode(ReloadNews.self)?.text
    case .gap: decode(GapNews.self)?.reason
    case nil: nil
    }
  }
}

private struct StateNews: Decodable {
  let state: String
  let models: [String: String]

  var text: String {
    let models = models.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return "\(state) (\(models.joined(separator: ", ")))"
  }
}

private struct QueueNews: Decodable {
  struct Depth: Decodable {
    let inFlight: Int
    let queueDepth: Int
  }

  let models: [String: Depth]

  var text: String {
    models.sorted { $0.key < $1.key }
      .map { "\($0.key): \($0.value.queueDepth) waiting, \($0.value.inFlight) in flight" }.joined(separator: "; ")
  }
}

private struct SwitchNews: Decodable {
  struct Phase: Decodable {
    let phase: String
    let seconds: Double
  }

  let number: UInt64
  let from: String?
  let to: String?
  let trigger: String
  let reason: String?
  let phase: String?
  let outcome: String?
  let failure: String?
  let phases: [Phase]?
  let cutRequests: Int?
  let totalSeconds: Double?

  var text: String {
    let way = "#\(number) \(from ?? "none") -> \(to ?? "none")"
    guard let outcome else {
      let cause = phase == "decided" ? " by \(trigger)" + (reason.map { ", \($0)" } ?? "") : ""
      return "\(way): \(phase ?? "")\(cause)"
    }
    let phases = (phases ?? []).map { "\($0.phase) \(Self.seconds($0.seconds))" }.joined(separator: ", ")
    let total = Self.seconds(totalSeconds ?? 0)
    let cut = cutRequests.flatMap { $0 > 0 ? ", \($0) cut off" : nil } ?? ""
    return "\(way): \(outcome) in \(total)" + (phases.isEmpty ? "" : " (\(phases))") + cut
      + (failure.map { ": \($0)" } ?? "")
  }

  private static func seconds(_ value: Double) -> String { "\((value * 1000).rounded() / 1000) s" }
}

private struct ModeNews: Decodable {
  let mode: String
  let pinned: String?

  var text: String { mode + (pinned.map { ", pinned to \($0)" } ?? "") }
}

private struct HealthNews: Decodable {
  let model: String
  let healthy: Bool
  let failure: String?

  var text: String { healthy ? "\(model) is well again" : "\(model) fails" + (failure.map { ": \($0)" } ?? "") }
}

private struct PolicyNews: Decodable { let policy: String }

private struct ReloadNews: Decodable {
  let models: [String]
  let added: [String]
  let removed: [String]
  let renewed: [String]

  var text: String {
    let changes = [("added", added), ("removed", removed), ("replaced", renewed)].filter { !$0.1.isEmpty }
    return (["\(models.count) models"] + changes.map { "\($0.0) \($0.1.joined(separator: ", "))" })
      .joined(separator: "; ")
  }
}

private struct GapNews: Decodable { let reason: String }
