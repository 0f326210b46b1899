@testable import Metrics

extension Registry {
  /// What a scrape yields, as text.
  func text(as format: ExpositionFormat = .text) async -> String {
    String(decoding: await render(as: format), as: UTF8.self)
  }

  /// The samples that a scrape yields, without the lines that describe them.
  func samples() async -> [String] {
    await text().split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
  }
}

/// A small set of label values.
enum Outcome: String, LabelValue, CaseIterable {
  case success, failed
}
