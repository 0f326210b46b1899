internal import Core

/// Reads the top level of a configuration.
struct ConfigurationReader {
  let overrides: Overrides
  let freePorts: FreePorts
  let validatePolicy: PolicySettings.Validator

  func read(_ object: inout ConfigObject) -> Configuration {
    let findings = object.value.findings
    _ = object.take("$schema")
    var ports = Claims<UInt16>()
    let listen = listener("listen", portKey: "port", overrides.listen, &object, &ports)
    let adminListen = listener("admin_listen", portKey: "admin_port", overrides.adminListen, &object, &ports)
    let metricsValue = object.take("metrics_port")
    let metricsListen = metricsValue?.loopbackPort().flatMap { $0.port > 0 ? $0 : nil }
    if let metricsValue, let metricsListen {
      ports.claim(metricsListen.port, path: metricsValue.path, at: metricsValue.json.position)
    }
    let adminToken = adminToken(&object)
    if let admin = adminListen ?? listen, !admin.origin.isLoopback, adminToken == nil {
      findings.fault(
        "found \"\(admin.origin)\" and no admin_token, expected a token or a loopback address for the admin routes",
        path: admin.path, at: admin.position, source: admin.source)
    }

    var options = ModelOptions()
    let policy = object.take("policy").flatMap { PolicySettings($0, models: &options, validate: validatePolicy) }
    options.warmsUp = object.take("warmup")?.bool() ?? options.warmsUp
    _ = object.take("defaults")?.object { options.read(&$0) }
    object.take("checkpoint")?.readCheckpoint()
    let vllmCommand = object.take("vllm_command")?.word().map { [$0] } ?? []

    var reader = ModelReader(defaults: options, vllmCommand: vllmCommand, ports: freePorts, portClaims: ports)
    let models = object.require("models", expected: "an object with at least one model").map { reader.read($0) } ?? []
    return Configuration(
      listen: listen?.origin ?? Origin(host: "127.0.0.1", port: 3000), adminListen: adminListen?.origin,
      adminToken: adminToken, metricsListen: metricsListen, policy: policy ?? .default,
      shutdownDelay: object.take("shutdown_delay_secs")?.seconds() ?? .zero,
      shutdownGrace: object.take("shutdown_grace_secs")?.seconds() ?? .seconds(30),
      models: models, secrets: findings.secrets, warnings: findings.warnings)
  }

  /// An address to listen on, and who asked for it.
  private struct Listener {
    let origin: Origin
    let path: String
    let position: TextPosition?
    let source: String?
  }

  /// Reads the address under `key`, or llmux's port alone under `portKey`; what overrides the file is read in its place,
  /// but does not excuse what is wrong there.
  private func listener(
    _ key: String, portKey: String, _ override: Overrides.Setting?, _ object: inout ConfigObject,
    _ ports: inout Claims<UInt16>
  ) -> Listener? {
    let address = object.take(key)
    let port = object.take(portKey)
    if let address, let port { port.fault("found beside \(address.path), expected one of the two") }
    let value = address ?? port
    let configured = address == nil ? port?.loopbackPort() : address?.listenAddress()
    let listener: Listener
    if let override {
      guard let origin = Origin(listenAddress: override.value) else {
        object.value.findings.fault(
          "found \"\(override.value)\", expected HOST:PORT", path: "", at: nil, source: override.source)
        return nil
      }
      listener = Listener(origin: origin, path: override.source, position: nil, source: override.source)
    } else {
      guard let value, let configured else { return nil }
      listener = Listener(origin: configured, path: value.path, position: value.json.position, source: nil)
    }
    if listener.origin.port > 0 {
      ports.claim(listener.origin.port, path: listener.path, at: listener.position, source: listener.source)
    }
    return listener
  }

  private func adminToken(_ object: inout ConfigObject) -> String? {
    let configured = object.take("admin_token")?.string()
    guard let token = overrides.adminToken?.value ?? configured, !token.isEmpty else { return nil }
    object.value.findings.secrets.insert(token)
    return token
  }
}

extension ConfigValue {
  /// Checks llmux's object about checkpoints, whose contents nothing needs yet.
  fileprivate func readCheckpoint() {
    _ = object { object in
      for key in ["criu_path", "cuda_plugin_dir", "images_dir", "cuda_checkpoint_path"] {
        _ = object.take(key)?.string()
      }
      _ = object.take("keep_images")?.bool()
    }
    warn("has no effect yet: no model can be checkpointed")
  }
}
