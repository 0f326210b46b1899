/// The policies that a configuration can name. To add one: write its file, then name it here.
package enum PolicyCatalogue {
  package static let all: [any SwitchPolicy.Type] = [
    FIFO.self,
    CostAware.self,
    SchedulerTick.self,
  ]

  /// What older configurations call a policy.
  private static let synonyms = ["time_slice": "scheduler_tick"]

  package static var names: [String] { all.map { $0.name } }

  package static func policy(named name: String) -> (any SwitchPolicy.Type)? {
    let name = synonyms[name] ?? name
    return all.first { $0.name == name }
  }

  /// What is wrong with the options given to the policy `name`: every option that no policy knows, and every known one
  /// out of its range. A policy ignores the options of the others, so that policies can be swapped by one word.
  package static func faults(policy name: String, options: [String: Double]) -> [PolicyFault] {
    guard policy(named: name) != nil else {
      return [PolicyFault(option: nil, message: "found \"\(name)\", expected \(names.joined(separator: ", "))")]
    }
    let known = Dictionary(
      all.flatMap { $0.options }.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return options.sorted { $0.key < $1.key }.compactMap { name, value in
      guard let option = known[name] else {
        return PolicyFault(
          option: name, message: "no policy has this option; there are \(known.keys.sorted().joined(separator: ", "))")
      }
      guard option.range.contains(value) else {
        return PolicyFault(
          option: name, message: "found \(value), expected \(option.range.lowerBound) to \(option.range.upperBound)")
      }
      return nil
    }
  }
}

/// What is wrong with a policy's part of a configuration.
package struct PolicyFault: Error, Hashable, Sendable {
  /// nil: the name of the policy itself.
  package let option: String?
  package let message: String

  package init(option: String?, message: String) {
    self.option = option
    self.message = message
  }
}
