/// Lays families out as text; holds no lock and touches no shared state.
struct ExpositionWriter {
  private let format: ExpositionFormat
  private var text: [UInt8] = []

  init(_ format: ExpositionFormat, reserving byteCount: Int) {
    self.format = format
    text.reserveCapacity(byteCount)
  }

  /// Adds one family: the lines that describe it, then its samples.
  mutating func write(_ family: Descriptor, _ rows: [Row]) {
    writeHead(of: family)
    for row in rows {
      switch row.reading {
      case .integer(let value): writeSample(family.name, row.labelPairs, String(value))
      case .number(let value): writeSample(family.name, row.labelPairs, value.expositionText)
      case .histogram(let histogram): write(histogram, family.name, row.labelPairs)
      }
    }
  }

  /// Ends the text and gives it out.
  consuming func finish() -> [UInt8] {
    if format == .openMetrics { append("# EOF\n") }
    return text
  }

  private mutating func writeHead(of family: Descriptor) {
    switch format {
    case .text:
      append("# HELP \(family.name) \(family.help.escaped(quotes: false))\n")
      append("# TYPE \(family.name) \(family.kind.rawValue)\n")
    case .openMetrics:
      append("# HELP \(family.familyName) \(family.help.escaped(quotes: true))\n")
      append("# TYPE \(family.familyName) \(family.kind.rawValue)\n")
      if let unit = family.unit { append("# UNIT \(family.familyName) \(unit)\n") }
    }
  }

  private mutating func write(_ histogram: HistogramReading, _ name: String, _ labelPairs: String) {
    let lineStart = labelPairs.isEmpty ? "\(name)_bucket{" : "\(name)_bucket{\(labelPairs),"
    var count = 0
    for (lineEnd, countInBucket) in zip(histogram.buckets.lineEnds, histogram.counts) {
      count += countInBucket
      append(lineStart)
      append(lineEnd)
      append(String(count))
      append("\n")
    }
    writeSample("\(name)_sum", labelPairs, histogram.sum.expositionText)
    writeSample("\(name)_count", labelPairs, String(count))
  }

  private mutating func writeSample(_ name: String, _ labelPairs: String, _ value: String) {
    append(name)
    if !labelPairs.isEmpty {
      append("{")
      append(labelPairs)
      append("}")
    }
    append(" ")
    append(value)
    append("\n")
  }

  private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }
}

extension Double {
  /// The fewest digits that read back as the same number; a whole number without a fraction.
  var expositionText: String {
    if isNaN { return "NaN" }
    if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
    // Above this magnitude the standard description has an exponent instead.
    if magnitude < 0x1p54, let whole = Int(exactly: self) { return String(whole) }
    return description
  }
}
