internal import Backends
internal import Core
internal import HTTP

/// `GET /logs/{model}`: what the model's servers have written last and, for those who follow, what they write from then on.
/// As text, or as server-sent events for a client that asks for them.
struct ModelLogRoute: Sendable {
  static let prefix = "/logs/"

  /// So often a stream of events shows that it lives.
  private static let heartbeat: Duration = .seconds(15)
  // What a server writes may look like anything; a browser is to show it as the text that it is.
  private static let fields = [
    ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"), ("X-Content-Type-Options", "nosniff"),
  ]

  let directory: LiveDirectory
  let outputs: ModelOutputs
  let secrets: SecretKeeper
  let timeline: any Timeline
  let admission: AdminGuard

  func add(to router: inout Router) {
    router.add(.get, under: Self.prefix) { exchange in
      try admission.admit(exchange)
      let name = percentDecoded(exchange.path.dropFirst(Self.prefix.count))
      let output = outputs[try directory.current.entry(named: name).model]
      let wish = try ModelLogWish(exchange)
      let first = wish.place.map { output.lines(after: $0) } ?? output.last(wish.lines)
      guard wish.follows, exchange.method == .get else {
        let text = wish.form.text(of: masked(first))
        return try await exchange.respond(
          status: 200, fields: Self.fields, contentType: wish.form.contentType, body: text)
      }
      try await follow(output, from: first, as: wish.form, exchange)
    }
  }

  /// Each piece is sent before the next one is asked for, so that a client that takes nothing costs nothing.
  private func follow(
    _ output: ModelOutput, from first: ModelOutput.Piece, as form: ModelLogForm, _ exchange: Exchange
  ) async throws {
    exchange.yieldToDrain()
    try await exchange.begin(status: 200, fields: Self.fields, contentType: form.contentType)
    var piece = first
    while true {
      try await exchange.send(Array(form.text(of: masked(piece)).utf8))
      switch await news(of: output, after: piece.end) {
      case .lines: piece = output.lines(after: piece.end)
      case .silence:
        piece.lines = []
        piece.missed = 0
        try await exchange.send(Array(form.heartbeat.utf8))
      case .end: return try await exchange.finish()
      }
    }
  }

  private enum News { case lines, silence, end }

  private func news(of output: ModelOutput, after place: Int) async -> News {
    await withTaskGroup(of: News.self) { group in
      group.addTask { await output.waitForLine(after: place) ? .lines : .end }
      group.addTask { (try? await timeline.sleep(for: Self.heartbeat)) == nil ? .end : .silence }
      defer { group.cancelAll() }
      return await group.next() ?? .end
    }
  }

  private func masked(_ piece: ModelOutput.Piece) -> ModelOutput.Piece {
    var piece = piece
    piece.lines = piece.lines.map(secrets.masked)
    return piece
  }
}

/// What a client wants to see of a model's output.
private struct ModelLogWish {
  /// How many of the last lines.
  let lines: Int
  let follows: Bool
  let form: ModelLogForm
  /// The line after which to go on, instead of at the last lines.
  let place: Int?

  private static let standardLines = 200
  private static let mostLines = 100_000

  /// - Throws: what is wrong with the query.
  init(_ exchange: Exchange) throws(APIError) {
    let query = exchange.query
    let wantsEvents = exchange.field(named: "accept")?.lowercased().contains("text/event-stream") ?? false
    form = wantsEvents ? .events : .text
    switch QueryItem.value(of: "follow", in: query) {
    case nil: follows = wantsEvents
    case "1", "true": follows = true
    case "0", "false": follows = false
    case let other?: throw .badQuery("follow: found \"\(other.prefix(50))\", expected 1 or 0")
    }
    if let text = QueryItem.value(of: "lines", in: query) {
      guard let lines = Int(text), (0...Self.mostLines).contains(lines) else {
        throw .badQuery("lines: found \"\(text.prefix(50))\", expected a number from 0 to \(Self.mostLines)")
      }
      self.lines = lines
    } else {
      lines = Self.standardLines
    }
    place = wantsEvents ? exchange.field(named: "last-event-id").flatMap { Int($0) } : nil
  }
}

/// How a model's output is laid out.
enum ModelLogForm: Sendable {
  case text, events

  var contentType: String {
    switch self {
    case .text: "text/plain; charset=utf-8"
    case .events: "text/event-stream"
    }
  }

  /// What is sent when there is nothing to be said.
  var heartbeat: String {
    switch self {
    case .text: ""
    case .events: ": heartbeat\n\n"
    }
  }

  func text(of piece: ModelOutput.Piece) -> String {
    let gap = "\(piece.missed) lines left out: they came faster than they were read"
    switch self {
    case .text:
      return (piece.missed > 0 ? "*** switcher: \(gap) ***\n" : "") + piece.lines.map { $0 + "\n" }.joined()
    case .events:
      let first = piece.end - piece.lines.count + 1
      let events = piece.lines.enumerated().map { index, line in
        // A carriage return ends a line of a stream of events, so it is told as what it is: the end of a line.
        "id: \(first + index)\ndata: \(line.replacing("\r", with: "\ndata: "))\n\n"
      }
      return (piece.missed > 0 ? "event: gap\ndata: \(gap)\n\n" : "") + events.joined()
    }
  }
}

extension APIError {
  fileprivate static func badQuery(_ message: String) -> APIError {
    APIError(status: 400, code: .badRequest, message: message)
  }
}
