/// One thing that is wrong with a configuration, or that its author should know.
struct ConfigurationFault: Hashable, Sendable, CustomStringConvertible {
  /// The file, as it was named to the program, or the flag or environment variable that takes its place.
  let source: String
  /// Where in the file; nil when the source is no file or could not be read.
  let position: TextPosition?
  /// What it is about: `models.phi-4.wake_endpoints[1].method`; empty for the file as a whole.
  let path: String
  /// What was found and what was expected.
  let message: String

  var description: String {
    [position.map { "\(source):\($0)" } ?? source, path, message].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}

/// Everything that is wrong with a configuration, in the order of the file; never empty.
struct ConfigurationFaults: Error, CustomStringConvertible {
  let faults: [ConfigurationFault]

  var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Gathers what is wrong while a configuration is decoded, so that all of it can be told at once.
final class ConfigurationFindings {
  let source: String
  private(set) var faults: [ConfigurationFault] = []
  private(set) var warnings: [ConfigurationFault] = []
  /// What must not be shown, as far as it has come up.
  var secrets = Secrets()

  init(source: String) { self.source = source }

  func fault(_ message: String, path: String, at position: TextPosition?, source: String? = nil) {
    faults.append(finding(message, path: path, at: position, source: source))
  }

  func warn(_ message: String, path: String, at position: TextPosition?) {
    warnings.append(finding(message, path: path, at: position, source: nil))
  }

  /// The result of decoding, unless there is a fault: then all of them are thrown. A result is nil only after a fault.
  func verdict<Result>(_ result: Result?) throws(ConfigurationFaults) -> Result {
    if faults.isEmpty, let result { return result }
    // A stable sort: faults without a place first, those of one place in the order in which they were found.
    let sorted = faults.enumerated().sorted {
      ($0.element.position ?? .start, $0.offset) < ($1.element.position ?? .start, $1.offset)
    }
    throw ConfigurationFaults(faults: sorted.map(\.element))
  }

  private func finding(_ message: String, path: String, at position: TextPosition?, source: String?)
    -> ConfigurationFault
  {
    ConfigurationFault(
      source: source ?? self.source, position: position, path: path, message: secrets.masked(in: message))
  }
}
