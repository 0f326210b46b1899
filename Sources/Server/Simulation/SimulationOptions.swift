internal import Core

/// What to simulate, read from the command line.
struct SimulationOptions: Hashable {
  enum Source: Hashable {
    /// Workloads that are built in, by their names.
    case builtIn([String])
    /// A file in JSON or JSON lines.
    case file(String)
  }

  var policies: [PolicyChoice]
  var source: Source
  /// What a switch takes: one pass over everything for each, in seconds.
  var switchCosts = [10.0]
  /// A file that says what the switches of single pairs take.
  var switchCostsPath: String?
  var seed: UInt64 = 1
  /// What each request of an llmux profile takes.
  var work = Duration.milliseconds(500)
  var printsJSON = false

  /// - Throws: what can't be understood.
  init(_ arguments: Arguments) throws(UsageError) {
    policies = []
    for text in Self.list(arguments.value("--policies") ?? "fifo,cost_aware,scheduler_tick") {
      policies.append(try PolicyChoice(parsing: text))
    }
    for text in arguments.values("--sweep") {
      let sweep = try PolicySweep(parsing: text)
      guard policies.contains(where: { $0.reads(sweep.option) }) else {
        throw UsageError("--sweep: none of the policies reads the option \"\(sweep.option)\"")
      }
      var swept: [PolicyChoice] = []
      for policy in policies { swept += try policy.swept(sweep) }
      policies = swept
    }
    source = try Self.source(arguments)
    if let text = arguments.value("--switch-cost") {
      switchCosts = []
      for number in Self.list(text) { switchCosts.append(try Self.seconds("--switch-cost", number)) }
    }
    switchCostsPath = arguments.value("--switch-costs")
    seed = try arguments.integer("--seed", in: 0...Int.max).map(UInt64.init) ?? seed
    if let text = arguments.value("--service-secs") { work = .seconds(try Self.seconds("--service-secs", text)) }
    printsJSON = arguments.contains("--json")
  }

  private static func source(_ arguments: Arguments) throws(UsageError) -> Source {
    switch (arguments.value("--workload"), arguments.value("--trace")) {
    case (_?, _?): throw UsageError("--workload and --trace exclude each other")
    case (nil, let path?): return .file(path)
    case (let text, nil):
      var names: [String] = []
      for name in list(text ?? "llmux") {
        guard let group = WorkloadCatalogue.names(for: name) else {
          throw UsageError(
            "--workload: found \"\(name)\", expected \(Spelling.alternatives(WorkloadCatalogue.names))")
        }
        names += group
      }
      return .builtIn(names)
    }
  }

  private static func seconds(_ option: String, _ text: String) throws(UsageError) -> Double {
    if let number = Double(text), (0...SimulatedCosts.limit).contains(number) { return number }
    throw UsageError("\(option): found \"\(text)\", expected seconds from 0 to \(Int(SimulatedCosts.limit))")
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}
