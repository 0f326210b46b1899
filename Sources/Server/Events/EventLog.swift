/// The last events, by their numbers, for those who come back to a stream that broke off.
struct EventLog: Sendable {
  static let capacity = 1_000

  /// Tells this life of the daemon from any other: an id of another one means nothing here.
  private let life: String
  private var ring: Ring<StreamEvent>
  private(set) var lastNumber: UInt64 = 0

  init(life: String, capacity: Int = EventLog.capacity) {
    self.life = life
    ring = Ring(capacity: capacity)
  }

  /// Names the last event, or the time before the first one.
  var lastID: String { id(lastNumber) }

  mutating func append(_ kind: StreamEvent.Kind, _ data: JSONValue) -> StreamEvent {
    lastNumber += 1
    let event = StreamEvent(id: id(lastNumber), kind: kind, data: data.serialized())
    ring.append(event)
    return event
  }

  /// What has happened since the event of that id; nil when that can't be told: it is too long ago, or was another life's.
  func events(since id: String) -> [StreamEvent]? {
    let parts = id.split(separator: "-", maxSplits: 1)
    guard parts.count == 2, parts[0] == life, let number = UInt64(parts[1]), number <= lastNumber,
      lastNumber - number <= UInt64(ring.count)
    else { return nil }
    return ring.newest(Int(lastNumber - number)).reversed()
  }

  private func id(_ number: UInt64) -> String { "\(life)-\(number)" }
}
