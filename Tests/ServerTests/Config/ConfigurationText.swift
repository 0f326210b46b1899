@testable import Server

/// A configuration's text as a test writes it.
struct ConfigurationText {
  let text: String
  var environment: [String: String] = [:]
  var flags: [String: String] = [:]

  init(_ text: String, environment: [String: String] = [:], flags: [String: String] = [:]) {
    self.text = text
    self.environment = environment
    self.flags = flags
  }

  /// One model with these members, on a line of its own.
  init(model members: String) { self.init("{\"models\": {\"m\": {\n\(members)\n}}}") }

  func load(ports: FreePorts = FreePorts()) throws(ConfigurationFaults) -> Configuration {
    let loader = ConfigurationLoader(
      environment: environment, executable: "/opt/switcher", ports: ports,
      overrides: Overrides(flags: flags, environment: environment))
    return try loader.decode(Array(text.utf8), source: "config.json")
  }

  /// Every fault as it is shown; none for a valid configuration.
  func faults() -> [String] {
    do throws(ConfigurationFaults) {
      _ = try load()
      return []
    } catch {
      return error.faults.map(\.description)
    }
  }
}
