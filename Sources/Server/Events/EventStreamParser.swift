/// Reads server-sent events (HTML, section 9.2.6) out of pieces of a stream, wherever those are cut.
struct EventStreamParser {
  struct Event: Hashable {
    /// That of the last event that bore one.
    let id: String?
    let name: String
    let data: String
  }

  /// The id of the last event that bore one; what a client that comes back tells the server.
  private(set) var lastID: String?
  /// What of the current line has come.
  private var line: [UInt8] = []
  private var id: String?
  private var name = ""
  private var data: [String] = []
  private var endedWithReturn = false

  /// Takes a piece in; returns the events that are whole by then.
  mutating func take(_ piece: [UInt8]) -> [Event] {
    var events: [Event] = []
    for byte in piece {
      // CR, LF and CR LF each end one line.
      let continuesReturn = endedWithReturn && byte == UInt8(ascii: "\n")
      endedWithReturn = byte == UInt8(ascii: "\r")
      guard byte == UInt8(ascii: "\n") || endedWithReturn else {
        line.append(byte)
        continue
      }
      guard !continuesReturn else { continue }
      if let event = endLine() { events.append(event) }
    }
    return events
  }

  /// Forgets what of an event has come: the stream broke off.
  mutating func breakOff() {
    let lastID = lastID
    self = EventStreamParser()
    (self.lastID, id) = (lastID, lastID)
  }

  private mutating func endLine() -> Event? {
    defer { line = [] }
    guard !line.isEmpty else {
      defer { (name, data) = ("", []) }
      lastID = id
      guard !data.isEmpty else { return nil }
      return Event(id: id, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[colon...].dropFirst()
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    let text = String(decoding: value, as: UTF8.self)
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "event": name = text
    case "data": data.append(text)
    case "id": id = text
    default: break
    }
    return nil
  }
}
