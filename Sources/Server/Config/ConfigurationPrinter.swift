internal import Backends
internal import Core
internal import HTTP
internal import Switcher

extension Configuration {
  /// The configuration as it takes effect: a file that would have the same one, but for its secrets, which are masked.
  func printed() -> String {
    json.mapStrings { secrets.masked(in: $0).replacing("${", with: "$${") }.serialized(pretty: true)
  }

  private var json: JSONValue {
    let home = models.first { $0.limits.returnDelay != nil }
    return .object(
      JSONValue.members([
        "listen": .string(listen.description),
        "admin_listen": adminListen.map { .string($0.description) },
        "admin_token": adminToken.map { .string($0) },
        "metrics_port": .number(Int(metricsListen?.port ?? 0)),
        "metrics": metrics.json,
        "policy": policy.json,
        "default_model": home.map { .string($0.id.name) },
        "default_model_after_secs": home?.limits.returnDelay.map { .seconds($0) },
        "checkpoint": checkpoint.json,
        "shutdown_delay_secs": .seconds(shutdownDelay),
        "shutdown_grace_secs": .seconds(shutdownGrace),
        "log_level": .string(logging.level.name),
        "access_log": .bool(logging.access),
        "model_log": .bool(logging.models),
        "models": .object(models.map { JSONValue.Member($0.id.name, $0.json) }),
      ]))
  }
}

extension MetricsSettings {
  fileprivate var json: JSONValue {
    .object(
      JSONValue.members(["pair_detail": .string(pairDetail.rawValue), "max_series": .number(maxSeries)]))
  }
}

extension CheckpointSettings {
  fileprivate var json: JSONValue {
    .object(
      JSONValue.members([
        "criu_path": .string(criu),
        "cuda_plugin_dir": .string(pluginDirectory),
        "images_dir": .string(imagesDirectory),
        "cuda_checkpoint_path": .string(cudaCheckpoint),
        "keep_images": .bool(keepsImages),
      ]))
  }
}

extension PolicySettings {
  fileprivate var json: JSONValue {
    let options = options.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .number($0.value)) }
    return .object([JSONValue.Member("type", .string(name))] + options)
  }
}

extension ModelConfiguration {
  fileprivate var json: JSONValue {
    .object(
      backend.members
        + JSONValue.members([
          "aliases": .strings(aliases),
          "fallback": fallback.map { .string($0.name) },
          "request_timeout_secs": .seconds(requestTimeout),
          "idle_sleep_secs": .seconds(limits.idleSleep ?? .zero),
          "min_sleep_secs": .seconds(limits.minSleep),
          "drain_timeout_secs": .seconds(limits.drainTimeout ?? .zero),
          "preload": preloads ? true : nil,
          "max_in_flight": limits.maxInFlight.map { .number($0) },
          "max_queue": limits.maxQueue.map { .number($0) },
          "breaker_failures": .number(limits.breakerFailures),
          "stream_usage": .bool(streamUsage),
        ]))
  }
}

extension BackendSettings {
  fileprivate var members: [JSONValue.Member] {
    let environment = environment.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
    return JSONValue.members([
      "backend": .string(backend.name),
      "model_path": modelPath.map { .string($0) },
      "command": command.isEmpty ? nil : .strings(command),
      "extra_args": extraArguments.isEmpty ? nil : .strings(extraArguments),
      "env": environment.isEmpty ? nil : .object(environment),
      "port": backend == .vllm || backend == .sglang ? .number(Int(upstream.origin.port)) : nil,
      "url": backend.keys.contains(.url) ? .string(upstream.url) : nil,
      "upstream_model": upstream.modelName.map { .string($0) },
      "wake": hooks.map { .string($0.wake) },
      "sleep": hooks.map { .string($0.sleep) },
      "stop": hooks?.stop.map { .string($0) },
      "alive": hooks?.alive.map { .string($0) },
      "endpoint": endpoint.map { .string($0.name) },
      "token": endpoint.map { .string($0.token) },
      "sleep_action": endpoint.map { .string($0.sleepAction.rawValue) },
      "api_url": endpoint.map { .string($0.apiURL) },
      "eviction": eviction.map { .string($0.description) },
      "checkpoint_path": checkpointPath.map { .string($0) },
      "sleep_endpoints": sleepSteps.isEmpty ? nil : .array(sleepSteps.map(\.json)),
      "wake_endpoints": wakeSteps.isEmpty ? nil : .array(wakeSteps.map(\.json)),
      "health_path": .string(healthPath),
      "warmup": .bool(warmsUp),
      "startup_timeout_secs": .seconds(startupTimeout),
      "stop_grace_secs": .seconds(stopGrace),
      "sleep_timeout_secs": .seconds(sleepTimeout),
      "wake_timeout_secs": .seconds(wakeTimeout),
    ])
  }
}

extension ControlStep {
  fileprivate var json: JSONValue {
    let health: [JSONValue.Member] = awaitsHealth ? [JSONValue.Member("health_check_after", .bool(true))] : []
    if let request = requests.first, requests.count == 1 { return .object(request.members + health) }
    return .object([JSONValue.Member("parallel", .array(requests.map { .object($0.members) }))] + health)
  }
}

extension ControlRequest {
  fileprivate var members: [JSONValue.Member] {
    JSONValue.members([
      "endpoint": .string(endpoint),
      "method": .string(method.rawValue),
      "body": body.map { .string($0) },
      "timeout_secs": timeout.map { .seconds($0) },
      "retries": retries > 0 ? .number(retries) : nil,
      "expect_body": expectedBody.map { .string($0) },
    ])
  }
}

extension JSONValue {
  fileprivate static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// Members without those that have no value.
  fileprivate static func members(_ members: KeyValuePairs<String, JSONValue?>) -> [Member] {
    members.compactMap { member in member.value.map { Member(member.key, $0) } }
  }
}
