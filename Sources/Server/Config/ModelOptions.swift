internal import Backends
internal import Core
internal import Switcher

/// The options that `defaults` gives to every model and that a model may give itself.
struct ModelOptions: Hashable, Sendable {
  var requestTimeout: Duration = .seconds(300)
  var limits = ModelLimits()
  var startupTimeout: Duration = .seconds(1800)
  var stopGrace: Duration = .seconds(10)
  var sleepTimeout: Duration = .seconds(120)
  /// Nil: what the backend finds usual.
  var wakeTimeout: Duration?
  var healthPath: String?
  var warmsUp = false
  var streamUsage = false
  /// Nil: what the backend does by itself.
  var eviction: Eviction?

  /// Takes over what `object` says; everything else stays as it is.
  mutating func read(_ object: inout ConfigObject) {
    requestTimeout = object.take("request_timeout_secs")?.timeout() ?? requestTimeout
    startupTimeout = object.take("startup_timeout_secs")?.timeout() ?? startupTimeout
    sleepTimeout = object.take("sleep_timeout_secs")?.timeout() ?? sleepTimeout
    wakeTimeout = object.take("wake_timeout_secs")?.timeout() ?? wakeTimeout
    stopGrace = object.take("stop_grace_secs")?.seconds() ?? stopGrace
    if let idle = object.take("idle_sleep_secs")?.seconds() { limits.idleSleep = idle > .zero ? idle : nil }
    limits.minSleep = object.take("min_sleep_secs")?.seconds() ?? limits.minSleep
    if let drain = object.take("drain_timeout_secs")?.seconds() { limits.drainTimeout = drain > .zero ? drain : nil }
    limits.maxInFlight = object.take("max_in_flight")?.integer(in: 1...Int.max) ?? limits.maxInFlight
    limits.maxQueue = object.take("max_queue")?.integer(in: 1...Int.max) ?? limits.maxQueue
    limits.breakerFailures = object.take("breaker_failures")?.integer(in: 1...1000) ?? limits.breakerFailures
    healthPath = object.take("health_path")?.requestTarget() ?? healthPath
    warmsUp = object.take("warmup")?.bool() ?? warmsUp
    streamUsage = object.take("stream_usage")?.bool() ?? streamUsage
    eviction = object.take("eviction")?.eviction() ?? eviction
  }

  /// Hands on what concerns the model's server.
  func apply(to settings: inout BackendSettings) {
    settings.startupTimeout = startupTimeout
    settings.stopGrace = stopGrace
    settings.sleepTimeout = sleepTimeout
    settings.wakeTimeout = wakeTimeout ?? settings.wakeTimeout
    settings.healthPath = healthPath ?? settings.healthPath
    settings.warmsUp = warmsUp
    settings.eviction = eviction
  }
}

extension ConfigValue {
  /// A path with its query, as it stands in a request line.
  func requestTarget() -> String? {
    let expected = "a path that begins with / and has neither spaces nor a fragment"
    guard let target = string(expected: expected) else { return nil }
    let isPlain = target.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    guard target.hasPrefix("/"), isPlain else {
      fault(expected: expected)
      return nil
    }
    return target
  }
}
