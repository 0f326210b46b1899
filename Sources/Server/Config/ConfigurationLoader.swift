internal import Glibc

/// Turns a configuration file into a `Configuration`, with all that surrounds the file.
struct ConfigurationLoader {
  let environment: [String: String]
  /// The path of this program.
  let executable: String
  let ports: FreePorts
  let overrides: Overrides

  /// Reads the file at `path`.
  /// - Throws: everything that is wrong with it, that it can't be read included.
  func load(from path: String) throws(ConfigurationFaults) -> Configuration {
    try decode(try Self.contents(of: path), source: path)
  }

  /// Decodes the text of a configuration.
  /// - Parameter source: what faults call the text, mostly the file's path.
  func decode(_ text: [UInt8], source: String) throws(ConfigurationFaults) -> Configuration {
    let findings = ConfigurationFindings(source: source)
    let root = try value(of: text, findings)
    let reader = ConfigurationReader(overrides: overrides, freePorts: ports)
    return try findings.verdict(root.object(.daemon) { reader.read(&$0) }.flatMap { $0 })
  }

  /// Decodes the text of a policy alone, as the configuration's `policy` has it.
  /// - Parameter source: what faults call the text.
  /// - Returns: the policy, and what in the text has no effect on it.
  func decodePolicy(
    _ text: [UInt8], source: String
  ) throws(ConfigurationFaults) -> (policy: PolicySettings, warnings: [ConfigurationFault]) {
    let findings = ConfigurationFindings(source: source)
    var options = ModelOptions()
    let value = try value(of: text, findings)
    let policy = PolicySettings(value, models: &options)
    if options != ModelOptions() {
      value.warn("request_timeout_secs and eviction have no effect here: they are the models', which a reload changes")
    }
    return (try findings.verdict(policy), findings.warnings)
  }

  private func value(of text: [UInt8], _ findings: ConfigurationFindings) throws(ConfigurationFaults) -> ConfigValue {
    let json: LocatedJSON
    do throws(LocatedJSON.Fault) {
      json = try LocatedJSON(parsing: text)
    } catch {
      let fault = ConfigurationFault(
        source: findings.source, position: error.position, path: "", message: "not JSON: \(error.message)")
      throw ConfigurationFaults(faults: [fault])
    }
    let scope = Template.Scope(environment: environment, executable: executable)
    let value = ConfigValue(json: json, path: "", scope: scope, findings: findings)
    value.reportDuplicateKeys()
    return value
  }

  private static func contents(of path: String) throws(ConfigurationFaults) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      // read writes no further than the chunk reaches.
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw unreadable(path) }
      if count == 0 { return contents }
      contents += chunk[..<count]
    }
  }

  private static func unreadable(_ path: String) -> ConfigurationFaults {
    // strerror's text is copied before anything else can be asked of it.
    let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    let fault = ConfigurationFault(source: path, position: nil, path: "", message: "can't be read: \(reason)")
    return ConfigurationFaults(faults: [fault])
  }
}

extension ConfigValue {
  /// Reports every key that occurs twice in its object, here and below.
  fileprivate func reportDuplicateKeys() {
    switch json.value {
    case .array: for element in array() ?? [] { element.reportDuplicateKeys() }
    case .object:
      var lines: [String: Int] = [:]
      for entry in entries() ?? [] {
        if let line = lines.updateValue(entry.position.line, forKey: entry.name) {
          findings.fault("duplicate key, first in line \(line)", path: entry.value.path, at: entry.position)
        }
        entry.value.reportDuplicateKeys()
      }
    case .null, .bool, .number, .string: break
    }
  }
}
