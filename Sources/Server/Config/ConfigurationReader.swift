internal import Backends
internal import HTTP

/// Reads the top level of a configuration.
struct ConfigurationReader {
  let overrides: Overrides
  let freePorts: FreePorts

  /// Nil after a fault that leaves nothing to listen on.
  func read(_ object: inout ConfigObject) -> Configuration? {
    let findings = object.value.findings
    _ = object.take("$schema")
    var ports = Claims<UInt16>()
    let listen = Listener(
      "listen", port: "port", overridden: overrides.listen, standard: "127.0.0.1:3000", &object)
    let adminListen = Listener("admin_listen", port: "admin_port", overridden: overrides.adminListen, &object)
    let metricsListen = Listener(port: "metrics_port", &object)
    for listener in [listen, adminListen, metricsListen] { listener?.claimPort(&ports) }
    let adminToken = adminToken(&object)
    if let admin = adminListen ?? listen, !admin.address.isLoopback, adminToken == nil {
      findings.fault(
        "found \"\(admin.address)\" and no admin_token, expected a token or a loopback address for the admin routes",
        path: admin.path, at: admin.position, source: admin.source)
    }

    var options = ModelOptions()
    let policy = object.take("policy").flatMap { PolicySettings($0, models: &options) }
    options.warmsUp = object.take("warmup")?.bool() ?? options.warmsUp
    var metrics = MetricsSettings()
    _ = object.take("metrics")?.object { metrics.read(&$0) }
    _ = object.take("defaults")?.object { options.read(&$0) }
    let checkpoint = object.take("checkpoint")?.checkpointSettings() ?? CheckpointSettings()
    let vllmCommand = object.take("vllm_command")?.word().map { [$0] } ?? []

    var reader = ModelReader(
      defaults: options, vllmCommand: vllmCommand, checkpoint: checkpoint, ports: freePorts, portClaims: ports)
    let models = object.require("models", expected: "an object with at least one model").map { reader.read($0) } ?? []
    let shutdownDelay = object.take("shutdown_delay_secs")?.seconds() ?? .zero
    let shutdownGrace = object.take("shutdown_grace_secs")?.seconds() ?? .seconds(30)
    let logging = LogSettings(&object, level: overrides.logLevel)
    guard let listen else { return nil }
    return Configuration(
      listen: listen.address, adminListen: adminListen?.address, adminToken: adminToken,
      metricsListen: metricsListen?.address, metrics: metrics, policy: policy ?? .default, checkpoint: checkpoint,
      shutdownDelay: shutdownDelay, shutdownGrace: shutdownGrace, logging: logging, models: models,
      secrets: findings.secrets, warnings: findings.warnings)
  }

  private func adminToken(_ object: inout ConfigObject) -> String? {
    let configured = object.take("admin_token")?.string()
    guard let token = overrides.adminToken?.value ?? configured, !token.isEmpty else { return nil }
    object.value.findings.secrets.insert(token)
    return token
  }
}
