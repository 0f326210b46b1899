/// An option that a policy reads from its part of the configuration: a number with its bounds.
package struct PolicyOption: Sendable {
  package let name: String
  package let range: ClosedRange<Double>
  package let defaultValue: Double?
  /// What it does, in a line, for the schema and the documents.
  package let summary: String

  package init(
    _ name: String, default defaultValue: Double?, in range: ClosedRange<Double> = 0...1_000_000, _ summary: String
  ) {
    self.name = name
    self.range = range
    self.defaultValue = defaultValue
    self.summary = summary
  }
}

/// The values that a configuration gives to a policy's options.
package struct PolicyOptions: Sendable {
  private let values: [String: Double]

  package init(_ values: [String: Double] = [:]) { self.values = values }

  package func number(_ option: PolicyOption) -> Double? { values[option.name] ?? option.defaultValue }

  /// The option's value as a time, nothing where it has none; its unit is seconds unless the name ends in `_ms`.
  package func duration(_ option: PolicyOption) -> Duration {
    let number = number(option) ?? 0
    return option.name.hasSuffix("_ms") ? .seconds(number / 1000) : .seconds(number)
  }
}
