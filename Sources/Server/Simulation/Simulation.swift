internal import Core
internal import Foundation

/// Runs what the command line asked for: every policy over every workload at every cost, and prints what came of it.
struct Simulation {
  /// All that is compared with each other: one workload at one cost, a row a policy.
  struct Comparison {
    let workload: String
    /// nil: each pair of models has its own.
    let switchCost: Double?
    var rows: [(policy: String, tally: SimulationTally)] = []
  }

  private let options: SimulationOptions
  private let workloads: [Workload]
  private let pairCosts: [String: Double]

  /// Reads the files that the options name.
  /// - Throws: what is wrong with one of them.
  init(_ options: SimulationOptions) throws(TraceFault) {
    self.options = options
    switch options.source {
    case .file(let path): workloads = [try TraceFile.read(path)]
    case .builtIn(let names):
      workloads = names.compactMap { WorkloadCatalogue.workload($0, seed: options.seed, work: options.work) }
    }
    pairCosts =
      if let path = options.switchCostsPath {
        try SimulatedCosts.pairs(path, models: Set(workloads.flatMap(\.models)))
      } else {
        [:]
      }
  }

  /// Runs everything, one after the other.
  /// - Parameters:
  ///   - progress: is told before each run what it is, how many are done and how many there are.
  ///   - finished: gets each comparison as soon as it is complete.
  /// - Throws: why a workload has no optimum that can be found, when that is asked for.
  func run(progress: (String, Int, Int) -> Void, finished: (Comparison) -> Void) throws(OptimumFault) {
    let count = workloads.count * options.switchCosts.count * options.policies.count
    var done = 0
    for workload in workloads {
      for cost in options.switchCosts {
        let costs = SimulatedCosts(byPair: pairCosts, otherwise: cost)
        var comparison = Comparison(workload: workload.name, switchCost: pairCosts.isEmpty ? cost : nil)
        for choice in options.policies {
          progress("\(workload.name), \(choice.label)", done, count)
          let policy = try choice.policy(for: workload, costs: costs)
          let tally = Simulator.run(choice.adapted(workload), policy: policy, costs: costs)
          comparison.rows.append((choice.label, tally))
          done += 1
        }
        finished(comparison)
      }
    }
  }
}

/// The command `simulate`.
enum SimulateCommand {
  /// - Returns: the program's exit status: 0, or 2 when a file can't be read or understood, or a workload does not fit
  ///   what is asked of it.
  static func run(_ options: SimulationOptions) -> Int32 {
    do {
      let simulation = try Simulation(options)
      var comparisons: [Simulation.Comparison] = []
      let progress = ProgressLine()
      try simulation.run(progress: progress.show) { comparison in
        progress.clear()
        if options.printsJSON {
          comparisons.append(comparison)
        } else {
          print(comparison.table)
        }
      }
      if options.printsJSON {
        print(JSONValue.array(comparisons.flatMap(\.json)).serialized(pretty: true))
      }
      return 0
    } catch {
      FileHandle.standardError.write(Data("switcher: \(error)\n".utf8))
      return 2
    }
  }
}

/// A line on the terminal that tells how far the work has come; nothing where standard error is no terminal.
private struct ProgressLine {
  private static let clearLine = "\r\u{1B}[K"

  private let isShown = isatty(STDERR_FILENO) == 1

  func show(_ what: String, _ done: Int, _ count: Int) {
    guard count > 1 else { return }
    write("\(Self.clearLine)\(done)/\(count)  \(what)")
  }

  func clear() { write(Self.clearLine) }

  private func write(_ text: String) {
    if isShown { FileHandle.standardError.write(Data(text.utf8)) }
  }
}
