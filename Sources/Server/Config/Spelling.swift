/// How keys and commands are spelled, rightly and nearly so.
enum Spelling {
  /// `sleepEndpoints` as `sleep_endpoints`; what is in snake case already stays as it is.
  static func snakeCase(_ key: String) -> String {
    var snake = ""
    for character in key {
      if character.isUppercase, !snake.isEmpty { snake += "_" }
      snake += character.lowercased()
    }
    return snake
  }

  /// The candidate that was probably meant, by a slip of the fingers or by its beginning; nil where none comes near.
  static func nearest(to word: String, among candidates: some Collection<String>) -> String? {
    let best = candidates.map { (candidate: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
    if let best, best.distance <= max(1, word.count / 3) { return best.candidate }
    return word.count < 3 ? nil : candidates.first { $0.hasPrefix(word) }
  }

  /// The words as a sentence lists them: `a, b or c`.
  static func alternatives(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  /// The number of letters to add, drop, replace or swap with a neighbour that makes one word the other (optimal string
  /// alignment).
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var rows = [Array(0...right.count)]
    for (i, letter) in left.enumerated() {
      var row = [i + 1]
      for (j, other) in right.enumerated() {
        var cost = min(rows[i][j] + (letter == other ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other { cost = min(cost, rows[i - 1][j - 1] + 1) }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}
