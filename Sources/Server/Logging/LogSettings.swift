internal import Core

/// What of all that could be logged is.
struct LogSettings: Hashable, Sendable {
  /// The least level of the daemon's own lines.
  var level = Logger.Level.info
  /// Whether there is a line a request.
  var access = true
  /// Whether what the model servers write is in the log.
  var models = true
}

extension LogSettings {
  /// Reads what the file says of it; a flag or a variable may say another level.
  init(_ object: inout ConfigObject, level override: Overrides.Setting?) {
    self.init()
    let levels = Logger.Level.allCases.map { ($0.name, $0) }
    level = object.take("log_level")?.choice(of: levels) ?? level
    if let override {
      if let named = levels.first(where: { $0.0 == override.value })?.1 {
        level = named
      } else {
        object.value.findings.fault(
          "found \"\(override.value)\", expected \(Spelling.alternatives(levels.map(\.0)))", path: "",
          at: nil, source: override.source)
      }
    }
    access = object.take("access_log")?.bool() ?? access
    models = object.take("model_log")?.bool() ?? models
  }
}
