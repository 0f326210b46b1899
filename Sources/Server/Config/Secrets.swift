internal import CLinux

/// Texts that must appear in no log, no answer and no printed configuration.
struct Secrets: Sendable {
  private static let tellingWords: Set = [
    "TOKEN", "KEY", "APIKEY", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIALS",
  ]
  private static let mask = "***"
  /// What is shorter is masked only where it is the whole text: it would turn up by chance inside others.
  private static let shortestPart = 6

  private var values: Set<String> = []
  /// Those that are masked inside other texts too; the longest first, since one may hold another.
  private var parts: [String] = []

  mutating func insert(_ value: String) {
    guard !value.isEmpty, values.insert(value).inserted, value.count >= Self.shortestPart else { return }
    parts.insert(value, at: parts.firstIndex { $0.count < value.count } ?? parts.endIndex)
  }

  mutating func formUnion(_ other: Secrets) {
    for value in other.values { insert(value) }
  }

  /// Takes the values of those flags that hold secrets, as far as their names tell: `--api-key X`, `--hf-token=X`.
  mutating func insert(from arguments: [String]) {
    for (index, argument) in arguments.enumerated() where argument.hasPrefix("-") {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard let flag = parts.first, Self.isTelling(flag) else { continue }
      let value = parts.count > 1 ? parts[1] : arguments.dropFirst(index + 1).first
      if let value { insert(value) }
    }
  }

  /// The text with every secret in it masked.
  func masked(in text: String) -> String {
    guard !values.contains(text) else { return Self.mask }
    return parts.reduce(text) { text, secret in
      guard text.holds(secret) else { return text }
      return text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: Self.mask)
    }
  }

  /// Whether a variable or a flag of this name holds a secret, as far as the last word of a name can tell.
  static func isTelling(_ name: String) -> Bool {
    let lastWord = name.split { $0 == "_" || $0 == "-" }.last ?? ""
    return tellingWords.contains(lastWord.uppercased())
  }
}

extension String {
  /// Whether the bytes of `part` occur in the text. Nearly every text that is logged has nothing to hide, and this tells so
  /// much faster than a search for characters does.
  fileprivate func holds(_ part: String) -> Bool {
    var (text, part) = (self, part)
    return text.withUTF8 { text in
      part.withUTF8 { part in
        // Both point to as many bytes as they say, for as long as the call takes.
        unsafe first_occurrence(part.baseAddress, part.count, text.baseAddress, text.count) >= 0
      }
    }
  }
}
