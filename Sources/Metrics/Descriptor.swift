/// What is known of a family before any of its values is: its name, its help, its type and its label names.
struct Descriptor: Sendable {
  enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  /// As its samples bear it; a histogram's with a suffix.
  let name: String
  let help: String
  let kind: Kind
  let labelNames: [String]

  /// Names come from the program's text alone, so a bad one is a mistake in it, and found the first time it runs.
  init(name: String, help: String, kind: Kind, labelNames: [String]) {
    precondition(Self.isName(name, colonAllowed: true), "\"\(name)\" is not a metric name")
    precondition(
      (kind == .counter) == name.hasSuffix("_total"), "\(name): a counter's name ends in _total, and no other's does")
    precondition(Set(labelNames).count == labelNames.count, "\(name): a label is named twice")
    for label in labelNames {
      precondition(Self.isName(label, colonAllowed: false), "\(name): \"\(label)\" is not a label name")
      precondition(!label.hasPrefix("__") && label != "le", "\(name): the label name \(label) is reserved")
    }
    self.name = name
    self.help = help
    self.kind = kind
    self.labelNames = labelNames
  }

  /// The name by which OpenMetrics knows the family: a counter's without its `_total`.
  var familyName: String { kind == .counter ? String(name.dropLast("_total".count)) : name }

  /// The unit that the name ends in, as OpenMetrics declares it.
  var unit: String? { ["seconds", "bytes"].first { familyName.hasSuffix("_\($0)") } }

  /// The label pairs of one child as both formats write them, without the braces: `model="qwen",state="idle"`.
  func labelPairs(_ values: [String]) -> String {
    zip(labelNames, values).map { name, value in "\(name)=\"\(value.escaped(quotes: true))\"" }.joined(separator: ",")
  }

  private static func isName(_ text: String, colonAllowed: Bool) -> Bool {
    guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: byte == UInt8(ascii: ":") && colonAllowed
      }
    }
  }
}

extension String {
  /// The text with backslash and line feed escaped, and the double quote too where it would end the text.
  func escaped(quotes: Bool) -> String {
    guard utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return self }
    return unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }
}
