/// Reads the heads that come before an answer's body, line by line.
struct AnswerHeads {
  /// What a line comes to.
  enum Event: Equatable {
    case goOn
    /// The answer's own head is whole.
    case head(status: Int, fields: [Field])
    /// The service has gone over to another protocol, which nobody asked for.
    case switchedProtocols
  }

  struct Field: Equatable {
    let name: String
    let value: String
  }

  private var status: Int?
  private var fields: [Field] = []
  /// What follows is no head, but what may come after a body (RFC 9112, section 7.1.2).
  private var isOver = false

  /// - Parameter line: with its end.
  mutating func take(_ line: String) -> Event {
    guard !isOver else { return .goOn }
    let line = line.trimmingSuffix { $0.isNewline || $0 == " " || $0 == "\t" }
    if line.hasPrefix("HTTP/") {
      (status, fields) = (line.split(separator: " ").dropFirst().first.flatMap { Int($0) }, [])
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      fields.append(Field(name: String(line[..<colon]), value: String(value)))
    } else if line.isEmpty, let status {
      if status == 101 { return .switchedProtocols }
      // Informational ones are between the service and us (RFC 9110, section 15.2).
      guard status >= 200 else { return .goOn }
      isOver = true
      return .head(status: status, fields: fields)
    }
    return .goOn
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> SubSequence {
    var end = endIndex
    while end > startIndex, isTrimmed(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}
