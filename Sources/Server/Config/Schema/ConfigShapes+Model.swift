internal import Backends

extension ConfigShape {
  /// What `defaults` gives to every model.
  static let defaults = ConfigShape(name: "defaults", properties: options)

  static let model = ConfigShape(
    name: "model",
    properties: [
      .init("backend", .choice(Backend.catalogue.map(\.name)), "what its server is; told by the other keys if need be"),
      .init("port", .port, "the port of its server on 127.0.0.1"),
      .init("aliases", .array(.word), "other names for it in requests"),
      .init("upstream_model", .word, "the name by which its server knows it"),
      .init("preload", .bool, "woken as the daemon starts, or by the reload that gives it this; one model at the most"),
      .init("fallback", .word, "the model that serves those who asked for this one when it can't be woken"),
    ] + Backend.Key.allCases.filter { $0 != .eviction }.map(property) + options)

  private static let options: [Property] = [
    .init("request_timeout_secs", .timeout, "how long a request may wait for it"),
    .init("idle_sleep_secs", .seconds, "put to sleep after so long without a request; 0: never"),
    .init("min_sleep_secs", .seconds, "how long it sleeps at the least before a request may have it woken"),
    .init(
      "drain_timeout_secs", .seconds, "how long the requests on it may take to end once it is to make way; 0: for ever"),
    .init("max_in_flight", .count, "requests on it at a time"),
    .init("max_queue", .count, "requests that may wait for it"),
    .init("breaker_failures", .integer(1...1000), "how many failures in a row open its breaker"),
    .init("stream_usage", .bool, "its streams end with their usage even where the client has not asked for it"),
    .init("startup_timeout_secs", .timeout, "from the start of its process to its health"),
    .init("sleep_timeout_secs", .timeout, "for a sleep step that has no time-out of its own"),
    .init("wake_timeout_secs", .timeout, "for a wake step that has no time-out of its own"),
    .init("stop_grace_secs", .seconds, "from TERM to KILL"),
    .init("health_path", .path, "answers 200 once the server is up"),
    .init("warmup", .bool, "asks for one token after a cold start"),
    .init("eviction", eviction, "how it gives the GPU up"),
  ]

  /// A key that only some backends have a use for.
  private static func property(_ key: Backend.Key) -> Property {
    let (value, summary): (Value, String) =
      switch key {
      case .command: (.array(.string), "the program that serves it and its arguments, without a shell")
      case .url: (.url, "where its server answers: http://HOST[:PORT][/PATH], or the same with https")
      case .env: (.map(.string), "added to the daemon's own environment")
      case .wake: (.word, "hooks: the shell command that makes the model able to serve")
      case .sleep: (.word, "hooks: the shell command that frees the GPU")
      case .stop: (.word, "hooks: the shell command that ends the model's server")
      case .alive: (.word, "hooks: the shell command that succeeds while the server lives")
      case .endpoint: (.word, "hf_endpoint: NAMESPACE/NAME")
      case .token: (.string, "hf_endpoint: what it asks for, HF_TOKEN by default")
      case .modelPath: (.word, "what the server serves: a path or a repository")
      case .extraArguments: (.array(.string), "arguments after those that the backend gives its server")
      case .checkpointPath: (.string, "the images that it is restored from at its first start")
      case .eviction: (eviction, "how it gives the GPU up")
      case .sleepEndpoints: (.array(anyStep), "the steps that put it to sleep")
      case .wakeEndpoints: (.array(anyStep), "the steps that wake it")
      case .sleepAction:
        (.choice(InferenceEndpoint.SleepAction.allCases.map(\.rawValue)), "hf_endpoint: how it is put to sleep")
      case .apiURL: (.webAddress, "hf_endpoint: the base of the API's routes")
      }
    return Property(key.rawValue, value, summary)
  }

  private static let anyStep = Value.oneOf([.object(step), .object(stepGroup)])

  /// One request that a server is put to sleep or woken with.
  static let request = ConfigShape(name: "request", properties: requestProperties, required: ["endpoint"])

  static let step = ConfigShape(name: "step", properties: requestProperties + [healthCheck], required: ["endpoint"])

  /// A step of several requests at once.
  static let stepGroup = ConfigShape(
    name: "step_group",
    properties: [
      .init("parallel", .array(.object(request)), "requests that are sent at once, one at least"), healthCheck,
    ],
    required: ["parallel"])

  private static let requestProperties: [Property] = [
    .init("endpoint", .path, "the path, with its query"),
    .init("method", .choice(ControlRequest.Method.allCases.map(\.rawValue)), "POST by default"),
    .init("body", .any, "a string as it is, or JSON"),
    .init("timeout_secs", .seconds, "how long one attempt may take; 0: as the model says"),
    .init("timeout", .seconds, "the same"),
    .init("retries", .integer(0...1000), "how often it is tried again"),
    .init("expect_body", .string, "what the answer must contain"),
  ]

  private static let healthCheck = Property(
    "health_check_after", .bool, "whether the server's health is waited for before the next step")
}
