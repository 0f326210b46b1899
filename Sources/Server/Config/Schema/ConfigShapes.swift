internal import Core
internal import Policies
internal import Switcher

extension ConfigShape {
  /// The file as a whole.
  static let daemon = ConfigShape(
    name: "daemon",
    properties: [
      .init("$schema", .string, "where this schema is, for editors"),
      .init("listen", .address, "where clients come: HOST:PORT"),
      .init("port", .portOrNone, "the port of 127.0.0.1 where clients come"),
      .init("admin_listen", .address, "where operators and scrapers come, at listen by default: HOST:PORT"),
      .init("admin_port", .portOrNone, "the port of 127.0.0.1 where operators and scrapers come"),
      .init("admin_token", .string, "what an admin request must present"),
      .init("metrics_port", .portOrNone, "a port of 127.0.0.1 that serves /metrics alone"),
      .init("log_level", .choice(Logger.Level.allCases.map(\.name)), "the least that the daemon's own log has"),
      .init("access_log", .bool, "a line for each request"),
      .init("model_log", .bool, "what the models' servers write"),
      .init("metrics", .object(metrics), "how much detail the metrics have"),
      .init(
        "policy", .oneOf([.choice(PolicyCatalogue.names + ["time_slice"]), .object(policy)]),
        "what decides about switches"),
      .init("defaults", .object(defaults), "what holds for every model that says nothing else"),
      .init("default_model", .word, "the model that gets the GPU back when nobody uses it"),
      .init("default_model_after_secs", .timeout, "how long nobody may have used the GPU before that"),
      .init("warmup", .bool, "asks every model for one token after a cold start"),
      .init("checkpoint", .object(checkpoint), "how models are checkpointed"),
      .init("vllm_command", .word, "the program that stands for vllm"),
      .init("shutdown_delay_secs", .seconds, "how long the daemon goes on accepting after it was told to end"),
      .init("shutdown_grace_secs", .seconds, "how long requests in flight may then take"),
      .init("models", .map(.object(model)), "the models by name, one at least"),
    ],
    required: ["models"])

  static let metrics = ConfigShape(
    name: "metrics",
    properties: [
      .init("pair_detail", .choice(PairDetail.allCases.map(\.rawValue)), "whether pairs of models are told apart"),
      .init("max_series", .integer(100...10_000_000), "how many series all counters and histograms may make together"),
    ])

  static let policy = ConfigShape(
    name: "policy",
    properties: [
      .init("type", .choice(PolicyCatalogue.names + ["time_slice"]), "the policy's name"),
      .init("policy_type", .choice(PolicyCatalogue.names + ["time_slice"]), "llmux's word for type"),
      .init("request_timeout_secs", .timeout, "how long a request may wait for its model"),
      .init("eviction", eviction, "how models give the GPU up that say nothing else"),
      .init("drain_before_switch", .bool, "llmux's; a switch always waits for the requests in flight"),
    ] + policyOptions)

  /// A policy ignores the options of the others, so all of them may stand together.
  private static let policyOptions: [Property] = {
    let options = PolicyCatalogue.all.flatMap { $0.options }
    return Set(options.map(\.name)).sorted().compactMap { name in
      options.first { $0.name == name }.map { Property(name, .number($0.range), $0.summary) }
    }
  }()

  static let checkpoint = ConfigShape(
    name: "checkpoint",
    properties: [
      .init("criu_path", .word, "the criu program"),
      .init("cuda_plugin_dir", .word, "where criu's CUDA plugin is"),
      .init("images_dir", .word, "where the images are kept"),
      .init("cuda_checkpoint_path", .word, "the cuda-checkpoint program"),
      .init("keep_images", .bool, "whether images are kept once they have been restored"),
    ])

  /// How a model gives the GPU up: an object, the words joined by a plus, or one of the numbers of old.
  static let eviction = Value.oneOf([
    .object(evictionWords),
    .choice(
      Eviction.Weights.allCases.flatMap { weights in
        Eviction.ProcessStrategy.allCases.map { "\(weights.rawValue)+\($0.rawValue)" }
      }),
    .integer(1...5),
  ])

  static let evictionWords = ConfigShape(
    name: "eviction",
    properties: [
      .init("weights", .choice(Eviction.Weights.allCases.map(\.rawValue)), "what becomes of the weights"),
      .init("process", .choice(Eviction.ProcessStrategy.allCases.map(\.rawValue)), "what becomes of the process"),
    ])
}
