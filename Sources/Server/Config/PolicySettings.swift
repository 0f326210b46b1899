internal import Core
internal import Policies

/// Which policy decides about switches, and with what options.
struct PolicySettings: Hashable, Sendable {
  /// As the catalogue of policies has it.
  let name: String
  let options: [String: Double]

  static let `default` = PolicySettings(name: "fifo", options: [:])

  private init(name: String, options: [String: Double]) {
    self.name = PolicyCatalogue.policy(named: name)?.name ?? name
    self.options = options
  }

  /// Reads the policy's name alone, or the object with its options, and has the catalogue judge them.
  /// - Parameter models: takes over what the policy's object says about the models.
  init?(_ value: ConfigValue, models: inout ModelOptions) {
    var name: ConfigValue?
    var rest: [(key: String, value: ConfigValue)] = []
    switch value.json.value {
    case .string: name = value
    case .object:
      _ = value.object(.policy) { object in
        name = object.take("type", "policy_type")
        models.requestTimeout = object.take("request_timeout_secs")?.timeout() ?? models.requestTimeout
        models.eviction = object.take("eviction")?.eviction() ?? models.eviction
        if let drains = object.take("drain_before_switch"), drains.bool() == false {
          drains.warn("has no effect: a switch always waits for the requests in flight")
        }
        rest = object.takeRest()
      }
    default:
      value.fault(expected: "a policy's name, or an object with its type and options")
      return nil
    }
    let options = rest.compactMap { option in option.value.number().map { (option.key, $0) } }
    let text = name.map { $0.string() } ?? Self.default.name
    guard let text else { return nil }
    self.init(name: text, options: Dictionary(uniqueKeysWithValues: options))
    for fault in PolicyCatalogue.faults(policy: self.name, options: self.options) {
      let culprit = fault.option.map { option in rest.first { $0.key == option }?.value } ?? name
      (culprit ?? value).fault(fault.message)
    }
  }

  /// The policy that they describe.
  /// - Throws: when the catalogue does not have it, which a configuration without faults rules out.
  func policy() throws(PolicyFault) -> any SwitchPolicy { try kind().init(options: PolicyOptions(options)) }

  /// The policy with every option as it takes effect, in the words of the configuration.
  /// - Throws: as `policy()`.
  func effective() throws(PolicyFault) -> JSONValue {
    let members = try kind().options.compactMap { option in
      (options[option.name] ?? option.defaultValue).map { JSONValue.Member(option.name, .number($0)) }
    }
    return .object([JSONValue.Member("type", .string(name))] + members)
  }

  private func kind() throws(PolicyFault) -> any SwitchPolicy.Type {
    guard let kind = PolicyCatalogue.policy(named: name) else {
      throw PolicyFault(option: nil, message: "found no policy \"\(name)\"")
    }
    return kind
  }
}
