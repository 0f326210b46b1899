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
    let isYardstick = Self.yardsticks.contains(name)
    guard isYardstick || PolicyCatalogue.policy(named: name) != nil else {
      let names = Spelling.alternatives(PolicyCatalogue.names + Self.yardsticks)
      throw UsageError("--policies: found \"\(name)\", expected \(names)")
    }
    // The catalogue does not know the yardsticks, whose one option all policies share.
    let judged = isYardstick ? FIFO.name : name
    if let fault = PolicyCatalogue.faults(policy: judged, options: options).first {
      throw UsageError("\(label): \(fault.option.map { "\($0): " } ?? "")\(fault.message)")
    }
    self.label = label
    self.name = name
    self.options = options
  }

  /// What the catalogue does not offer, since nobody could serve with it.
  private static let yardsticks = [Exhaustive.name] + ClairvoyantSearch.Objective.allCases.map(\.rawValue)

  /// The kind of policy; nil for an optimum, which is no kind but found for each workload.
  private var type: (any SwitchPolicy.Type)? {
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

  func reads(_ option: String) -> Bool { (type ?? FIFO.self).options.contains { $0.name == option } }

  /// The policy as it serves, but for what the workload says where the options are silent.
  /// - Throws: why the workload has no optimum that can be found, when that is what the choice is.
  func policy(for workload: Workload, costs: SimulatedCosts) throws(OptimumFault) -> any SwitchPolicy {
    let options = PolicyOptions(options.merging([Self.minActive: workload.minActive.seconds]) { given, _ in given })
    guard let objective = ClairvoyantSearch.Objective(rawValue: name) else {
      return (type ?? FIFO.self).init(options: options)
    }
    return try Optimum.policy(
      objective, for: adapted(workload), costs: costs, minActive: options.duration(FIFO.minActive))
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
