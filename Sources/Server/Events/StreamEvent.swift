/// Something that those who follow the daemon are told, as one server-sent event (HTML, section 9.2).
struct StreamEvent: Hashable, Sendable {
  enum Kind: String, Sendable, CaseIterable {
    /// What every model does; always the whole picture.
    case state
    /// Who waits and who is in flight, of the models where that has changed.
    case queue
    /// A switch is decided, enters a phase, or has ended.
    case `switch`
    case mode
    /// A model fails, or is well again.
    case health
    case policy, reload
    /// What happened in between is not told any more.
    case gap
  }

  /// Names the event to a client that comes back; nil for one that only that client is told.
  let id: String?
  let kind: Kind
  /// JSON on one line.
  let data: String

  /// The event as it goes over the wire.
  var wireText: String {
    (id.map { "id: \($0)\n" } ?? "") + "event: \(kind.rawValue)\ndata: \(data)\n\n"
  }
}
