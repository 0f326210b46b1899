internal import CLinux
internal import HTTP

/// How many tokens an answer says it took.
struct TokenUsage: Hashable {
  var prompt = 0
  var completion = 0
}

/// Finds the `usage` object of an answer while the answer passes, in pieces of any size; keeps nothing of it but that object.
///
/// Up to a `"usage": {` it only searches, which costs next to nothing. In a string every quote is escaped, so that can't be
/// the text of a model. It may be a member of something that a model said, though, so braces are counted from there to the
/// end of the text: only what stands at the top level counts, or, in an event, in the object that the event is about.
struct UsageScanner {
  private enum Phase {
    /// So many bytes of the key have been seen.
    case searching(Int)
    case expectingColon, expectingBrace
    /// In the object.
    case collecting
  }

  private static let key = Array(#""usage""#.utf8)
  /// A longer object is none that we know.
  private static let mostBytes = 4_096

  /// What has been found so far; of several events the last ones count.
  private(set) var usage: TokenUsage?
  private var phase = Phase.searching(0)
  private var form = AnswerForm.json
  /// The byte before the piece.
  private var lastByte = UInt8(ascii: " ")
  private var object: [UInt8] = []
  /// What the object at hand says, of which it is not yet known whether it counts.
  private var candidate: TokenUsage?
  /// Where we are, measured from the level of the candidate: -1 is outside of the object that holds it.
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  /// Looks at the next piece of the answer.
  mutating func take(_ piece: Span<UInt8>, _ form: AnswerForm) {
    self.form = form
    var index = 0
    while index < piece.count {
      if candidate == nil, case .searching(0) = phase {
        index = skipToKey(in: piece, from: index)
      } else if case .collecting = phase {
        index = collect(piece, from: index)
      } else {
        step(piece[index], after: index > 0 ? piece[index - 1] : lastByte)
        if case .collecting = phase {} else { index += 1 }
      }
    }
    if index > 0 { lastByte = piece[piece.count - 1] }
  }

  /// The answer has ended.
  mutating func finish() { settle() }

  /// Goes behind the next key, or to the beginning of one at the piece's end. Returns where to go on.
  private mutating func skipToKey(in piece: Span<UInt8>, from start: Int) -> Int {
    if let found = Self.find(in: piece, from: start) {
      let before = found > 0 ? piece[found - 1] : lastByte
      if before != UInt8(ascii: "\\") { phase = .expectingColon }
      return found + Self.key.count
    }
    // The key's first byte is a quote, and so is its last, so at most six bytes of it can be here.
    var index = max(start, piece.count - Self.key.count + 1)
    while index < piece.count {
      let isEscaped = (index > 0 ? piece[index - 1] : lastByte) == UInt8(ascii: "\\")
      let matched = piece.count - index
      if !isEscaped, (0..<matched).allSatisfy({ piece[index + $0] == Self.key[$0] }) {
        phase = .searching(matched)
        break
      }
      index += 1
    }
    return piece.count
  }

  private static func find(in piece: Span<UInt8>, from start: Int) -> Int? {
    unsafe piece.withUnsafeBufferPointer { bytes in
      unsafe key.withUnsafeBufferPointer { key in
        // Both point to as many bytes as they say, for as long as the call takes.
        let found = unsafe first_occurrence(
          key.baseAddress, key.count, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
        return found < 0 ? nil : start + found
      }
    }
  }

  private mutating func step(_ byte: UInt8, after before: UInt8) {
    let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    switch phase {
    case .searching(let matched):
      if matched == 0 ? byte == Self.key[0] && before != UInt8(ascii: "\\") : byte == Self.key[matched] {
        phase = matched + 1 == Self.key.count ? .expectingColon : .searching(matched + 1)
      } else {
        phase = .searching(byte == Self.key[0] && before != UInt8(ascii: "\\") ? 1 : 0)
      }
      if candidate != nil { track(byte) }
    case .expectingColon:
      if byte == UInt8(ascii: ":") { phase = .expectingBrace } else if !isBlank { abandon(byte) }
    case .expectingBrace:
      if byte == UInt8(ascii: "{") {
        phase = .collecting
        object.removeAll(keepingCapacity: true)
      } else if !isBlank {
        abandon(byte)
      }
    case .collecting: break
    }
  }

  /// What looked like the key was a text of its own, or its value is no object.
  private mutating func abandon(_ byte: UInt8) {
    phase = .searching(0)
    if candidate != nil { track(byte) }
  }

  /// Takes the object, or as much of it as has come. Returns where to go on.
  private mutating func collect(_ piece: Span<UInt8>, from start: Int) -> Int {
    let rest = piece.extracting(start...)
    // Mostly the object is all there, and need not be kept.
    if object.isEmpty, let (found, end) = TokenUsage.read(rest) {
      note(found)
      return start + end
    }
    // Else it ends where a closing brace makes it whole.
    for index in rest.indices {
      object.append(rest[index])
      if rest[index] == UInt8(ascii: "}"), let (found, _) = TokenUsage.read(object.span) {
        note(found)
        return start + index + 1
      }
      guard object.count < Self.mostBytes else {
        phase = .searching(0)
        return start + index + 1
      }
    }
    return piece.count
  }

  private mutating func note(_ found: TokenUsage) {
    phase = .searching(0)
    if candidate == nil || depth <= 0 { (candidate, depth, isInString, isEscaped) = (found, 0, false, false) }
  }

  /// Counts the braces that follow a candidate.
  private mutating func track(_ byte: UInt8) {
    if isInString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
      return
    }
    switch byte {
    case UInt8(ascii: "\""): isInString = true
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    case UInt8(ascii: "\n") where form == .eventStream: settle()
    default: break
    }
  }

  /// The text that holds the candidate has ended: it counts if it stood high enough in it.
  private mutating func settle() {
    guard let found = candidate else { return }
    candidate = nil
    guard depth == -1 || (form == .eventStream && depth == -2) else { return }
    var merged = usage ?? TokenUsage()
    // Some tell the one number in the first event and the other in the last.
    if found.prompt > 0 { merged.prompt = found.prompt }
    if found.completion > 0 { merged.completion = found.completion }
    usage = merged
  }
}

extension TokenUsage {
  /// More than any answer takes.
  private static let most = 1_000_000_000

  /// Reads the `usage` object that begins here, in OpenAI's words or in Anthropic's, and tells where it ends, with the white
  /// space behind it; nil for what is no whole object.
  fileprivate static func read(_ text: Span<UInt8>) -> (TokenUsage, end: Int)? {
    var usage = TokenUsage()
    var scanner = JSONScanner(text)
    do throws(JSONFault) {
      try scanner.object(in: text) { scanner, key throws(JSONFault) in
        let isPrompt = key.equals("prompt_tokens", in: text) || key.equals("input_tokens", in: text)
        let isCompletion = key.equals("completion_tokens", in: text) || key.equals("output_tokens", in: text)
        guard isPrompt || isCompletion, try scanner.kind(in: text) == .number else {
          return try scanner.skipValue(in: text)
        }
        let digits = try scanner.number(in: text)
        guard let number = number(digits, in: text) else { return }
        if isPrompt { usage.prompt = number } else { usage.completion = number }
      }
    } catch {
      return nil
    }
    return (usage, scanner.position)
  }

  /// A whole number; nil for any other, and for one that can't be right.
  private static func number(_ digits: Range<Int>, in text: Span<UInt8>) -> Int? {
    var number = 0
    for index in digits {
      guard text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") else { return nil }
      number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
      guard number <= most else { return nil }
    }
    return number
  }
}
