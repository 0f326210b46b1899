internal import Backends
internal import Core
internal import HTTP

/// What the daemon is told to do: the configuration file with its defaults, flags and environment applied, all of it
/// valid.
struct Configuration: Sendable {
  var listen: SocketAddress
  /// Where the admin routes and the metrics are; nil: at `listen` too.
  var adminListen: SocketAddress?
  /// What an admin request must present; nil: nothing.
  var adminToken: String?
  /// Where the metrics are served besides the admin routes; nil: nowhere.
  var metricsListen: SocketAddress?
  var policy: PolicySettings
  /// How long the daemon goes on accepting requests after it was told to end.
  var shutdownDelay: Duration
  /// How long requests in flight may take to end after that.
  var shutdownGrace: Duration
  /// In the order of the file; never empty.
  var models: [ModelConfiguration]
  /// What must not be shown; every text that leaves the program goes through this.
  var secrets: Secrets
  /// What is accepted but has no effect, for the log.
  var warnings: [ConfigurationFault]
}

/// One model: what it is called, how it is served and what it may take.
struct ModelConfiguration: Hashable, Sendable {
  var id: ModelID
  /// Other names that requests may use; no name stands for two models.
  var aliases: [String]
  /// The model that is tried when this one can't be woken; another one, and chains of them end.
  var fallback: ModelID?
  /// How long a request may wait for the model.
  var requestTimeout: Duration
  /// How long the model stays awake without a request; nil: for ever.
  var idleSleep: Duration?
  /// How many requests it serves at a time; nil: any number.
  var maxInFlight: Int?
  /// How many may wait for it; nil: any number.
  var maxQueue: Int?
  /// What its server is; `faults()` found nothing.
  var backend: BackendSettings
}

/// The options that `defaults` gives to every model and that a model may give itself.
struct ModelOptions: Hashable, Sendable {
  var requestTimeout: Duration = .seconds(300)
  var idleSleep: Duration?
  var maxInFlight: Int?
  var maxQueue: Int?
  var startupTimeout: Duration = .seconds(1800)
  var stopGrace: Duration = .seconds(10)
  var sleepTimeout: Duration = .seconds(120)
  var wakeTimeout: Duration = .seconds(60)
  var healthPath = "/health"
  var warmsUp = false
  /// Nil: what the backend does by itself.
  var eviction: Eviction?

  /// Takes over what `object` says; everything else stays as it is.
  mutating func read(_ object: inout ConfigObject) {
    requestTimeout = object.take("request_timeout_secs")?.timeout() ?? requestTimeout
    startupTimeout = object.take("startup_timeout_secs")?.timeout() ?? startupTimeout
    sleepTimeout = object.take("sleep_timeout_secs")?.timeout() ?? sleepTimeout
    wakeTimeout = object.take("wake_timeout_secs")?.timeout() ?? wakeTimeout
    stopGrace = object.take("stop_grace_secs")?.seconds() ?? stopGrace
    if let idle = object.take("idle_sleep_secs")?.seconds() { idleSleep = idle > .zero ? idle : nil }
    maxInFlight = object.take("max_in_flight")?.integer(in: 1...Int.max) ?? maxInFlight
    maxQueue = object.take("max_queue")?.integer(in: 1...Int.max) ?? maxQueue
    healthPath = object.take("health_path")?.requestTarget() ?? healthPath
    warmsUp = object.take("warmup")?.bool() ?? warmsUp
    eviction = object.take("eviction")?.eviction() ?? eviction
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

  /// How a model gives the GPU up: an object, the words joined by a plus, or one of the numbers of old.
  func eviction() -> Eviction? {
    let expected = #"{"weights": …, "process": …}, "weights+process" or a number from 1 to 5"#
    switch json.value {
    case .object:
      let weights = Eviction.Weights.allCases.map { ($0.rawValue, $0) }
      let processes = Eviction.ProcessStrategy.allCases.map { ($0.rawValue, $0) }
      return object { object in
        Eviction(
          weights: object.take("weights")?.choice(of: weights) ?? Eviction.default.weights,
          process: object.take("process")?.choice(of: processes) ?? Eviction.default.process)
      }
    case .number(let spelling):
      if let eviction = Self.numberedEvictions[spelling] { return eviction }
    case .string:
      guard let text = string() else { return nil }
      if let eviction = Eviction(words: text) { return eviction }
    default: break
    }
    fault(expected: expected)
    return nil
  }

  private static let numberedEvictions = [
    "1": Eviction(weights: .offload, process: .keepRunning),
    "2": Eviction(weights: .discard, process: .keepRunning),
    "3": Eviction(weights: .retain, process: .cudaSuspend),
    "4": Eviction(weights: .retain, process: .checkpoint),
    "5": Eviction(weights: .retain, process: .stop),
  ]
}

extension Eviction {
  /// The two words as `description` joins them: `offload+keep_running`; nil for any others.
  init?(words: String) {
    let parts = words.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let weights = Weights(rawValue: parts[0]), let process = ProcessStrategy(rawValue: parts[1])
    else { return nil }
    self.init(weights: weights, process: process)
  }
}
