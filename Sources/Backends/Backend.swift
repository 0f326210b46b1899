internal import Core

/// A kind of model server, and how its settings become a blueprint. Two backends of one name are the same.
package struct Backend: Hashable, Sendable, CustomStringConvertible {
  /// What the configuration calls it.
  package let name: String
  /// The keys of a model that it has a use for, of those that not every backend has a use for.
  package let keys: Set<Key>
  /// Where its server listens when nothing is said of that; nil: wherever it is told to.
  package let standardPort: UInt16?
  /// What is asked on it whether the server is up, where nothing else is configured.
  package let healthPath: String
  /// How long a wake step, or the whole wake of a hosted model, may take, where nothing else is configured.
  package let wakeTimeout: Duration
  let blueprint: @Sendable (BackendSettings) throws(BackendFaults) -> Blueprint

  /// All there are. A new backend is a file of its own and a line here.
  package static let catalogue: [Backend] = [
    .command, .attached, .vllm, .sglang, .llamaCpp, .ollama, .hooks, .hfEndpoint,
  ]

  init(
    name: String, keys: Set<Key>, standardPort: UInt16? = nil, healthPath: String = "/health",
    wakeTimeout: Duration = .seconds(60),
    blueprint: @escaping @Sendable (BackendSettings) throws(BackendFaults) -> Blueprint
  ) {
    self.name = name
    self.keys = keys
    self.standardPort = standardPort
    self.healthPath = healthPath
    self.wakeTimeout = wakeTimeout
    self.blueprint = blueprint
  }

  /// The backend that the configuration calls `name`, nil where there is none.
  package static func named(_ name: String) -> Backend? { catalogue.first { $0.name == name } }

  package var description: String { name }

  package static func == (left: Backend, right: Backend) -> Bool { left.name == right.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }

  /// A key of a model's object in the configuration that only some backends have a use for.
  package enum Key: String, Sendable, CaseIterable {
    case command, url, env, wake, sleep, stop, alive, endpoint, token
    case modelPath = "model_path"
    case extraArguments = "extra_args"
    case checkpointPath = "checkpoint_path"
    case eviction
    case sleepEndpoints = "sleep_endpoints"
    case wakeEndpoints = "wake_endpoints"
    case sleepAction = "sleep_action"
    case apiURL = "api_url"
  }
}

/// What a backend makes of a model's settings.
enum Blueprint: Sendable {
  /// A server with a life of its own, started by the daemon or by somebody else.
  case server(ServerPlan)
  /// A model that comes and goes at the order of a host that stays.
  case hosted(HostPlan)
}
