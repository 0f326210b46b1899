/// The words behind a command, told apart into options and the rest.
struct Arguments {
  /// An option that a command takes.
  struct Option {
    /// With its dashes: `--config`.
    let name: String
    let shortName: String?
    /// What stands for its value in the help; nil for an option that takes none.
    let placeholder: String?
    let summary: String

    init(_ name: String, short shortName: String? = nil, value placeholder: String? = nil, _ summary: String) {
      self.name = name
      self.shortName = shortName
      self.placeholder = placeholder
      self.summary = summary
    }
  }

  /// What is no option, in order.
  private(set) var operands: [String] = []
  private var values: [String: [String]] = [:]

  /// Reads `--name value`, `--name=value` and `-n value` in any order; behind `--` everything is an operand.
  /// - Throws: what is wrong with the first word that can't be read.
  init(_ words: some Collection<String>, options: [Option]) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        operands += rest
        return
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = options.first(where: { $0.name == parts[0] || $0.shortName == parts[0] }) else {
        throw UsageError.unknown("option", parts[0], among: options.map(\.name))
      }
      let joined = word.contains("=") ? String(word.drop { $0 != "=" }.dropFirst()) : nil
      switch (option.placeholder, joined) {
      case (nil, nil): values[option.name, default: []].append("")
      case (nil, _?): throw UsageError("\(option.name) takes no value")
      case (_?, let joined?): values[option.name, default: []].append(joined)
      case (let placeholder?, nil):
        guard let value = rest.popFirst(), !value.hasPrefix("--") else {
          throw UsageError("\(option.name) expects a value, \(placeholder)")
        }
        values[option.name, default: []].append(value)
      }
    }
  }

  func contains(_ option: String) -> Bool { values[option] != nil }

  /// The value of an option, the last one where it was given more than once.
  func value(_ option: String) -> String? { values[option]?.last }

  /// All values of an option that may be repeated.
  func values(_ option: String) -> [String] { values[option] ?? [] }

  /// The last value of each option.
  var lastValues: [String: String] { values.compactMapValues(\.last) }

  /// - Throws: when the value is no whole number in `range`.
  func integer(_ option: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = value(option) else { return nil }
    if let number = Int(text), range.contains(number) { return number }
    throw UsageError(
      "\(option): found \"\(text)\", expected a whole number from \(range.lowerBound) to \(range.upperBound)")
  }

  /// - Throws: when the value is no number of units, or more than a million of them.
  func duration(_ option: String, unit: Duration) throws(UsageError) -> Duration? {
    guard let text = value(option) else { return nil }
    if let number = Double(text), (0...1_000_000).contains(number) { return unit * number }
    throw UsageError("\(option): found \"\(text)\", expected a number from 0 to 1000000")
  }

  /// The operands, of which there must be as many as there are `names`.
  func operands(_ names: [String]) throws(UsageError) -> [String] {
    if operands.count < names.count { throw UsageError("missing \(names[operands.count])") }
    if operands.count > names.count { throw UsageError("unexpected argument \"\(operands[names.count])\"") }
    return operands
  }
}

/// A command line that can't be understood: exit status 2.
struct UsageError: Error, Hashable, CustomStringConvertible {
  let message: String

  init(_ message: String) { self.message = message }

  static func unknown(_ kind: String, _ word: String, among candidates: [String]) -> UsageError {
    let guess = Spelling.nearest(to: word, among: candidates).map { ", did you mean \($0)?" } ?? ""
    return UsageError("unknown \(kind) \"\(word)\"\(guess)")
  }

  var description: String { "switcher: \(message)\nTry \"switcher --help\"." }
}
