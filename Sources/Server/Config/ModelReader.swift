internal import Backends
internal import Core

/// Reads the models of a configuration one after the other, then what concerns several of them.
struct ModelReader {
  /// What holds for every model that says nothing else.
  var defaults: ModelOptions
  /// The program that stands for `vllm`, or nothing.
  var vllmCommand: [String]
  let checkpoint: CheckpointSettings
  let ports: FreePorts
  /// The ports that are taken, those of the daemon itself included.
  var portClaims: Claims<UInt16>

  private var nameClaims = Claims<String>()
  private var ids: [String: ModelID] = [:]
  /// Where each model's eviction stands, or would.
  private var evictions: [ModelID: (path: String, position: TextPosition)] = [:]
  private var fallbacks: [(model: ModelID, value: ConfigValue, target: String)] = []

  init(
    defaults: ModelOptions, vllmCommand: [String], checkpoint: CheckpointSettings, ports: FreePorts,
    portClaims: Claims<UInt16>
  ) {
    self.defaults = defaults
    self.vllmCommand = vllmCommand
    self.checkpoint = checkpoint
    self.ports = ports
    self.portClaims = portClaims
  }

  /// Reads the object whose keys are the models' names; there must be one at least.
  mutating func read(_ models: ConfigValue) -> [ModelConfiguration] {
    guard let entries = models.entries() else { return [] }
    if entries.isEmpty { models.fault("found none, expected at least one model") }
    let read = entries.compactMap { model($0) }
    nameClaims.report(to: models.findings) { "the name \"\($0)\"" }
    portClaims.report(to: models.findings) { "port \($0)" }
    reportEvictions(of: read, to: models.findings)
    let targets = fallbackTargets()
    return read.map { model in
      var model = model
      model.fallback = targets[model.id]
      return model
    }
  }

  private mutating func model(_ entry: ConfigValue.Entry) -> ModelConfiguration? {
    let id = ModelID(entry.name)
    claim(name: entry.name, of: id, path: entry.value.path, at: entry.position)
    let isName =
      !entry.name.isEmpty && entry.name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    if !isName {
      entry.value.findings.fault(
        "expected a name that is not empty and has no control characters", path: entry.value.path, at: entry.position)
    }
    let model = entry.value.object { object in read(&object, id: id) }
    return model.flatMap { $0 }
  }

  private mutating func read(_ object: inout ConfigObject, id: ModelID) -> ModelConfiguration? {
    let port = object.take("port")?.port()
    if let port { portClaims.claim(port, path: object.value.child("port"), at: object.position(of: "port")) }
    object.scope.model = (id.name, { [ports] in port ?? ports.port(for: id.name) })

    var options = defaults
    options.read(&object)
    let aliases = aliases(of: id, in: object.take("aliases"))
    if let fallback = object.take("fallback"), let target = fallback.word() {
      fallbacks.append((id, fallback, target))
    }
    let server = ServerReader(
      id: id, port: port, options: options, vllmCommand: vllmCommand, checkpoint: checkpoint)
    guard let backend = server.settings(&object) else { return nil }
    evictions[id] = (object.value.child("eviction"), object.position(of: "eviction"))
    return ModelConfiguration(
      id: id, aliases: aliases, fallback: nil, requestTimeout: options.requestTimeout, idleSleep: options.idleSleep,
      maxInFlight: options.maxInFlight, maxQueue: options.maxQueue, streamUsage: options.streamUsage, backend: backend)
  }

  private mutating func aliases(of id: ModelID, in value: ConfigValue?) -> [String] {
    let values = value?.array(expected: "an array of names") ?? []
    return values.compactMap { value in
      guard let alias = value.word(expected: "a name") else { return nil }
      claim(name: alias, of: id, path: value.path, at: value.json.position)
      return alias
    }
  }

  private mutating func claim(name: String, of id: ModelID, path: String, at position: TextPosition) {
    nameClaims.claim(name, path: path, at: position)
    if ids[name] == nil { ids[name] = id }
  }

  /// What an eviction comes to depends on who else needs the GPU.
  private func reportEvictions(of models: [ModelConfiguration], to findings: ConfigurationFindings) {
    for model in models {
      guard let place = evictions[model.id], let refusal = models.refusal(of: nil, for: model.id) else { continue }
      findings.fault(refusal, path: place.path, at: place.position)
    }
  }

  /// Which model stands in for which. A name that is no model's, and models that stand in for each other in a circle, are
  /// faults.
  private func fallbackTargets() -> [ModelID: ModelID] {
    var targets: [ModelID: ModelID] = [:]
    for (model, value, name) in fallbacks {
      guard let target = ids[name] else {
        let guess = Spelling.nearest(to: name, among: ids.keys.sorted()).map { ", did you mean \($0)?" } ?? ""
        value.fault("found \"\(name)\", expected the name of another model\(guess)")
        continue
      }
      targets[model] = target
      var next: ModelID? = target
      while let current = next, current != model { next = targets[current] }
      if next == model {
        value.fault("found \"\(name)\", whose own fallback leads back to \(model)")
        targets[model] = nil
      }
    }
    return targets
  }
}
