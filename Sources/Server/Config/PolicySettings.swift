internal import Core
internal import Policies

/// Which policy decides about switches, and with what options.
struct PolicySettings: Hashable, Sendable {
  var name: String
  var options: [String: Double]

  static let `default` = PolicySettings(name: "fifo", options: [:])

  /// Judges a policy's name and options.
  typealias Validator = (_ name: String, _ options: [String: Double]) -> [PolicyFault]

  /// What llmux's policies can be told; all of them are accepted, whether or not a policy here minds them.
  private static let inherited: Set = [
    "min_active_secs", "coalesce_window_ms", "amortization_factor", "max_wait_secs", "tick_interval_ms",
  ]

  /// Reads the policy's name alone, or the object with its options.
  /// - Parameter options: takes over what the policy's object says about the models.
  init?(_ value: ConfigValue, models options: inout ModelOptions, validate: Validator) {
    if case .string = value.json.value {
      guard let name = value.string() else { return nil }
      self = Self.canonical(name: name, options: [:])
      for fault in validate(self.name, [:]) { value.fault(fault.message) }
      return
    }
    var settings = Self.default
    let isRead: Void? = value.object { object in
      let name = object.take("type", "policy_type")
      options.requestTimeout =
        object.take("request_timeout_secs")?.seconds(in: 0.001...ConfigValue.longest)
        ?? options.requestTimeout
      options.eviction = object.take("eviction")?.eviction() ?? options.eviction
      if let drains = object.take("drain_before_switch"), drains.bool() == false {
        drains.warn("has no effect: a switch always waits for the requests in flight")
      }
      let rest = object.takeRest()
      settings = Self.canonical(
        name: name?.string() ?? Self.default.name,
        options: Dictionary(
          uniqueKeysWithValues: rest.compactMap { key, value in
            value.number(in: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude).map { (key, $0) }
          }))
      for fault in validate(settings.name, settings.options) {
        let culprit = fault.option.map { option in rest.first { $0.key == option }?.value } ?? name
        (culprit ?? value).fault(fault.message)
      }
    }
    guard isRead != nil else { return nil }
    self = settings
  }

  private init(name: String, options: [String: Double]) {
    self.name = name
    self.options = options
  }

  /// The policy under the name that it has here, without the options of old that no policy has any more.
  private static func canonical(name: String, options: [String: Double]) -> PolicySettings {
    let known = Set(PolicyCatalogue.all.flatMap { $0.options.map(\.name) })
    return PolicySettings(
      name: PolicyCatalogue.policy(named: name)?.name ?? name,
      options: options.filter { known.contains($0.key) || !inherited.contains($0.key) })
  }
}
