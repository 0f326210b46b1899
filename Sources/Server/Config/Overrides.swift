/// What flags and environment variables say in place of the file. A flag beats a variable, a variable beats the file.
struct Overrides: Hashable, Sendable {
  /// A value and who gave it.
  struct Setting: Hashable, Sendable {
    /// The flag or the variable: `--listen`, `SWITCHER_LISTEN`.
    let source: String
    let value: String
  }

  let configPath: Setting?
  /// The file that the requests are recorded in.
  let recordPath: Setting?
  let listen: Setting?
  let adminListen: Setting?
  let adminToken: Setting?
  let logLevel: Setting?

  /// - Parameter flags: by name, `--listen`.
  /// - Parameter environment: a variable that is empty counts as unset.
  init(flags: [String: String] = [:], environment: [String: String] = [:]) {
    func setting(_ flag: String?, _ variable: String) -> Setting? {
      if let flag, let value = flags[flag] { return Setting(source: flag, value: value) }
      guard let value = environment[variable], !value.isEmpty else { return nil }
      return Setting(source: variable, value: value)
    }
    configPath = setting("--config", "SWITCHER_CONFIG")
    recordPath = setting("--record", "SWITCHER_RECORD")
    listen = setting("--listen", "SWITCHER_LISTEN")
    adminListen = setting("--admin-listen", "SWITCHER_ADMIN_LISTEN")
    logLevel = setting("--log-level", "SWITCHER_LOG_LEVEL")
    // Arguments can be seen by every user of the machine, so there is no flag for the token.
    adminToken = setting(nil, "SWITCHER_ADMIN_TOKEN")
  }
}
