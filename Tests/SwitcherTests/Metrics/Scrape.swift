internal import Metrics

/// What one scrape yielded: each series with its value.
struct Scrape {
  private let values: [String: Double]

  init(_ registry: Registry) async {
    let text = String(decoding: await registry.render(), as: UTF8.self)
    let samples = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    values = Dictionary(
      uniqueKeysWithValues: samples.map { line in
        let space = line.lastIndex(of: " ") ?? line.startIndex
        return ("\(line[..<space])".replacing("switcher_", with: ""), Double(line[line.index(after: space)...]) ?? .nan)
      })
  }

  /// The value of a series, without the prefix of its name; nil where there is none.
  subscript(_ series: String) -> Double? { values[series] }

  /// The series that begin like this and are not 0.
  func counted(_ prefix: String) -> [String: Double] {
    values.filter { $0.key.hasPrefix(prefix) && $0.value != 0 }
  }

  /// The series that begin like this.
  func names(_ prefix: String) -> [String] { values.keys.filter { $0.hasPrefix(prefix) }.sorted() }
}
