internal import Backends
internal import Core

/// Reads the part of a model's object that says what its server is, and has the backend judge it.
struct ServerReader {
  let id: ModelID
  /// The port that the file gives the model, nil if there is none, or one that is wrong.
  let port: UInt16?
  let options: ModelOptions
  /// The program that stands for `vllm`, or nothing.
  let vllmCommand: [String]
  let checkpoint: CheckpointSettings

  /// Stands for the address where that is at fault, so that the other settings can be judged.
  private static let unknownUpstream = Upstream(origin: Origin(host: "127.0.0.1", port: 0))

  /// The server's settings, nil where something is wrong with them.
  func settings(_ object: inout ConfigObject) -> BackendSettings? {
    let findings = object.value.findings
    let earlierFaults = findings.faults.count
    reportRemovedKeys(&object)
    var given: [Backend.Key: ConfigValue] = [:]
    for key in Backend.Key.allCases { given[key] = object.take(key.rawValue) }
    let backend = backend(&object, given: given)
    for (key, value) in given where !(backend?.keys.contains(key) ?? true) {
      value.fault("the \(backend?.name ?? "") backend has no use for it")
    }

    let command = given[.command]?.strings() ?? []
    let modelPath = given[.modelPath]?.word()
    let arguments = given[.extraArguments]?.strings() ?? []
    let environment = given[.env].map(environment) ?? [:]
    findings.secrets.insert(from: command + arguments)
    let checkpointPath = given[.checkpointPath]?.word()
    let sleepSteps = given[.sleepEndpoints]?.controlSteps() ?? []
    let wakeSteps = given[.wakeEndpoints]?.controlSteps() ?? []
    var modelName = object.take("upstream_model")?.word()
    if backend == .vllm || backend == .sglang { modelName = modelName ?? servedName(arguments) ?? modelPath }
    let url = given[.url]?.upstream(modelName: modelName)
    let (hooks, endpoint) = (given.hooks, given.endpoint)

    guard let backend else { return nil }
    let isRead = findings.faults.count == earlierFaults
    if isRead { reportLonelySteps(sleepSteps, wakeSteps, object) }
    let upstream = url ?? upstream(named: modelName, of: backend, given: given, object)
    var settings = BackendSettings(backend: backend, upstream: upstream ?? Self.unknownUpstream)
    settings.command = command.isEmpty && backend == .vllm ? vllmCommand : command
    settings.environment = environment
    settings.modelPath = modelPath
    settings.extraArguments = arguments
    settings.sleepSteps = sleepSteps
    settings.wakeSteps = wakeSteps
    settings.checkpoint = checkpoint
    settings.checkpointPath = checkpointPath
    settings.hooks = hooks
    settings.endpoint = endpoint
    options.apply(to: &settings)
    // What holds for models in general can't oblige a server that somebody else runs.
    let isHosted = !backend.keys.contains(.eviction)
    let isForeign = backend == .attached || settings.isRouted
    if isHosted || (isForeign && !object.contains("eviction")) { settings.eviction = nil }
    // What would only follow from what has been reported is not told, as which evictions are possible does from the steps.
    for fault in settings.faults() where isRead || (fault.key != "eviction" && !object.hasFault(in: fault.key)) {
      findings.fault(fault.message, path: object.value.child(fault.key), at: object.position(of: fault.key))
    }
    guard upstream != nil, findings.faults.count == earlierFaults else { return nil }
    return settings
  }

  /// The backend that is named, else the one that the options given are for.
  private func backend(_ object: inout ConfigObject, given: [Backend.Key: ConfigValue]) -> Backend? {
    let expected = Spelling.alternatives(Backend.catalogue.map(\.name))
    if let value = object.take("backend") {
      guard let name = value.string() else { return nil }
      if let backend = Backend.named(name) { return backend }
      let guess = Spelling.nearest(to: name, among: Backend.catalogue.map(\.name))
      value.fault("found \"\(name)\", expected \(expected)" + (guess.map { "; did you mean \($0)?" } ?? ""))
      return nil
    }
    switch (given[.modelPath], given[.command], given[.url]) {
    case (_?, nil, _): return .vllm
    case (nil, _?, _): return .command
    case (nil, nil, _?): return .attached
    case (_?, _?, _): report("backend", "missing, expected vllm or command, since there is a model_path and a command")
    case (nil, nil, nil): report("backend", "missing, expected one, or a model_path, a command or a url to tell it by")
    }
    return nil

    func report(_ key: String, _ message: String) {
      object.value.findings.fault(message, path: object.value.child(key), at: object.value.json.position)
    }
  }

  /// Where a server without a `url` listens; nil where that is at fault, or might be told by what is.
  private func upstream(
    named modelName: String?, of backend: Backend, given: [Backend.Key: ConfigValue], _ object: ConfigObject
  ) -> Upstream? {
    // An endpoint tells its address itself, once it has one.
    if backend == .hfEndpoint { return Upstream(origin: Self.unknownUpstream.origin, modelName: modelName) }
    let isStarted =
      backend == .vllm || backend == .sglang || given[.modelPath] != nil || given[.extraArguments] != nil
    let takesFreePort = isStarted || given.values.contains { $0.json.mentionsPort }
    let ownPort = port ?? backend.standardPort
    if let port = ownPort ?? (takesFreePort ? object.scope.model?.port() : nil) {
      return Upstream(origin: Origin(host: "127.0.0.1", port: port), modelName: modelName)
    }
    guard !["port", "url", "command", "model_path", "extra_args"].contains(where: object.hasFault) else { return nil }
    let (key, message) =
      takesFreePort ? ("port", "missing, and there is no free port to give it") : backend.missingAddress
    object.value.findings.fault(message, path: object.value.child(key), at: object.value.json.position)
    return nil
  }

  /// The name that vLLM or SGLang is told to answer to, their own default being the model's path.
  private func servedName(_ arguments: [String]) -> String? {
    let flag = "--served-model-name"
    if let joined = arguments.last(where: { $0.hasPrefix(flag + "=") }) {
      return String(joined.dropFirst(flag.count + 1))
    }
    return arguments.lastIndex(of: flag).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
  }

  private func environment(_ value: ConfigValue) -> [String: String] {
    var environment: [String: String] = [:]
    for entry in value.entries() ?? [] {
      if entry.name.isEmpty || entry.name.contains("=") {
        value.findings.fault(
          "expected the name of an environment variable", path: entry.value.path, at: entry.position)
      }
      guard let text = entry.value.string() else { continue }
      if Secrets.isTelling(entry.name) { value.findings.secrets.insert(text) }
      environment[entry.name] = text
    }
    return environment
  }

  private func reportLonelySteps(_ sleepSteps: [ControlStep], _ wakeSteps: [ControlStep], _ object: ConfigObject) {
    guard sleepSteps.isEmpty != wakeSteps.isEmpty else { return }
    let (missing, present) =
      sleepSteps.isEmpty ? ("sleep_endpoints", "wake_endpoints") : ("wake_endpoints", "sleep_endpoints")
    object.value.findings.fault(
      "missing, expected at least one step beside \(present)", path: object.value.child(missing),
      at: object.position(of: missing))
  }

  private func reportRemovedKeys(_ object: inout ConfigObject) {
    for way in ["sleep", "wake"] {
      for part in ["endpoint", "method", "body", "timeout"] {
        object.reportRemoved(
          "\(way)_\(part)",
          "was removed; use \(way)_endpoints, an array of {\"endpoint\", \"method\", \"body\", \"timeout_secs\"}, "
            + "see docs/migration.md")
      }
    }
  }
}

extension Backend {
  /// What to say where nothing tells where the server listens.
  fileprivate var missingAddress: (key: String, message: String) {
    switch self {
    case .command: ("port", "missing, expected the port that the command listens on, or ${PORT} in the command")
    case .llamaCpp:
      ("model_path", "missing, expected a model for a llama-server to start, or the url of one in router mode")
    default: ("url", "missing, expected the address of the server: http://HOST[:PORT][/PATH]")
    }
  }
}
