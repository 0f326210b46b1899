/// The two text formats that a scraper may ask for.
package enum ExpositionFormat: Sendable {
  /// The Prometheus text format 0.0.4.
  case text
  /// OpenMetrics 1.0.0.
  case openMetrics

  /// The value of the answer's Content-Type.
  package var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// What a request with this Accept field wants: the range with the highest weight that one of the formats meets, of
  /// equal ones the first; text where the field is absent or names neither (RFC 9110, section 12.5.1).
  package static func preferred(accept: String?) -> ExpositionFormat {
    let ranges = (accept ?? "").split(separator: ",").map(MediaRange.init)
    var best: (format: ExpositionFormat, weight: Double) = (.text, 0)
    for range in ranges where range.weight > best.weight {
      if let format = range.format { best = (format, range.weight) }
    }
    return best.format
  }
}

/// One element of an Accept field.
private struct MediaRange {
  private let type: String
  private let version: String?
  /// From 0, which refuses, to 1.
  let weight: Double

  init(_ text: Substring) {
    let parts = text.split(separator: ";").map { $0.trimmed.lowercased() }
    func parameter(_ name: String) -> String? {
      parts.dropFirst().first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    type = parts.first ?? ""
    version = parameter("version")
    weight = parameter("q").map { Double($0) ?? 0 } ?? 1
  }

  /// The format that meets the range. A wildcard means text, which every reader knows.
  var format: ExpositionFormat? {
    switch (type, version) {
    case ("application/openmetrics-text", nil), ("application/openmetrics-text", "1.0.0"): .openMetrics
    case ("text/plain", nil), ("text/plain", "0.0.4"), ("text/*", _), ("*/*", _): .text
    default: nil
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let front = drop { $0 == " " || $0 == "\t" }
    guard let last = front.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return front }
    return front[...last]
  }
}
