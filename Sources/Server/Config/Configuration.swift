internal import Backends
internal import Core
internal import HTTP
internal import Switcher

/// What the daemon is told to do: the configuration file with its defaults, flags and environment applied, all of it
/// valid.
struct Configuration: Sendable {
  let listen: SocketAddress
  /// Where the admin routes and the metrics are; nil: at `listen` too.
  let adminListen: SocketAddress?
  /// What an admin request must present; nil: nothing.
  let adminToken: String?
  /// Where the metrics are served besides the admin routes; nil: nowhere.
  let metricsListen: SocketAddress?
  let metrics: MetricsSettings
  let policy: PolicySettings
  /// What the models' servers are checkpointed with.
  let checkpoint: CheckpointSettings
  /// How long the daemon goes on accepting requests after it was told to end.
  let shutdownDelay: Duration
  /// How long requests in flight may take to end after that.
  let shutdownGrace: Duration
  let logging: LogSettings
  /// In the order of the file; never empty.
  let models: [ModelConfiguration]
  /// What must not be shown; every text that leaves the program goes through this.
  let secrets: Secrets
  /// What is accepted but has no effect, for the log.
  let warnings: [ConfigurationFault]
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
  /// What the switcher is told about it.
  var limits: ModelLimits
  /// Whether it is woken as the daemon starts, or by the reload that gives it this; one model at the most.
  var preloads = false
  /// Whether its streams end with their usage even where the client has not asked for it.
  var streamUsage: Bool
  /// What its server is; `faults()` found nothing.
  var backend: BackendSettings
}

extension Configuration {
  /// The one that is to be there before anybody asks for it.
  var preloadedModel: ModelID? { models.first(where: \.preloads)?.id }
}
