internal import Core
internal import Policies

/// A policy to be simulated, with its options: `scheduler_tick:tick_interval_ms=0:max_wait_secs=15`.
struct PolicyChoice: Hashable {
  private static let slots = "slots"
  private static let minActive = "min_active_secs"

  /// As it was asked for.
  let label: String
  private let name: String
  private let options: [String: Double]

  /// - Throws: when there is no such policy, or an option has no value that it could take.
  init(parsing text: String) throws(UsageError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var options: [String: Double] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard pair.count == 2, let value = Double(pair[1]) else {
        throw UsageError("--policies: \(text): found \"\(part)\", expected OPTION=NUMBER")
      }
      options[pair[0]] = value
    }
    try self.init(label: text, name: parts[0], options: options)
  }

  private init(label: String, name: String, options: [String: Double]) throws(UsageError) {
    guard let type = Self.type(name) else {
      let names = Spelling.alternatives(PolicyCatalogue.names + [Exhaustive.name])
      throw UsageError("--policies: found \"\(name)\", expected \(names)")
    }
    // The catalogue does not know the yardstick, whose one option all policies share.
    let judged = type is Exhaustive.Type ? FIFO.name : name
    if let fault = PolicyCatalogue.faults(policy: judged, options: options).first {
      throw UsageError("\(label): \(fault.option.map { "\($0): " } ?? "")\(fault.message)")
    }
    self.label = label
    self.name = name
    self.options = options
  }

  private static func type(_ name: String) -> (any SwitchPolicy.Type)? {
    name == Exhaustive.name ? Exhaustive.self : PolicyCatalogue.policy(named: name)
  }

  /// The same policy with each of the values in turn; only itself where it does not read the option.
  func swept(_ sweep: PolicySweep) throws(UsageError) -> [PolicyChoice] {
    guard reads(sweep.option) else { return [self] }
    var choices: [PolicyChoice] = []
    for value in sweep.values {
      var options = options
      options[sweep.option] = value.number
      choices.append(
        try PolicyChoice(label: "\(label):\(sweep.option)=\(value.spelling)", name: name, options: options))
    }
    return choices
  }

  func reads(_ option: String) -> Bool { Self.type(name)?.options.contains { $0.name == option } ?? false }

  /// The policy as it serves, but for what the workload says where the options are silent.
  func policy(for workload: Workload) -> any SwitchPolicy {
    let options = options.merging([Self.minActive: workload.minActive.seconds]) { given, _ in given }
    return (Self.type(name) ?? FIFO.self).init(options: PolicyOptions(options))
  }

  /// The workload with as many slots a model as the policy's options give it.
  func adapted(_ workload: Workload) -> Workload {
    var workload = workload
    workload.slots = options[Self.slots].map { Int($0) } ?? workload.slots
    return workload
  }
}

/// The values that an option takes one after the other: `amortization_factor=0.25,0.5,1`.
struct PolicySweep: Hashable {
  struct Value: Hashable {
    let spelling: String
    let number: Double
  }

  let option: String
  let values: [Value]

  init(parsing text: String) throws(UsageError) {
    let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard pair.count == 2 else { throw UsageError("--sweep: found \"\(text)\", expected OPTION=A,B,C") }
    option = pair[0]
    var values: [Value] = []
    for spelling in pair[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      guard let number = Double(spelling) else {
        throw UsageError("--sweep: \(pair[0]): found \"\(spelling)\", expected a number")
      }
      values.append(Value(spelling: spelling, number: number))
    }
    self.values = values
  }
}
