internal import Core
internal import Policies

/// The policy that knew all beforehand, for workloads that are simple and small enough to find it.
enum Optimum {
  /// - Throws: why there is none to be had.
  static func policy(
    _ objective: ClairvoyantSearch.Objective, for workload: Workload, costs: SimulatedCosts, minActive: Duration
  ) throws(OptimumFault) -> any SwitchPolicy {
    let name = "\(objective.rawValue): \(workload.name)"
    guard workload.slots == 1, workload.sessions.isEmpty else {
      throw OptimumFault(
        "\(name): expected 1 slot and no session, found \(workload.slots) and \(workload.sessions.count)")
    }
    let horizon = horizon(workload, costs, minActive)
    guard workload.requestTimeout > horizon else {
      throw OptimumFault(
        "\(name): found a time-out of \(workload.requestTimeout.seconds) s, expected one that nobody can reach: more than "
          + "\(horizon.seconds) s")
    }
    var search = ClairvoyantSearch(objective, workload, costs: costs, minActive: minActive)
    guard let schedule = search.schedule() else {
      throw OptimumFault("\(name): found too many possibilities to compare, expected a smaller workload")
    }
    return ScheduledPolicy(schedule)
  }

  /// When everybody is served at the latest: after a switch of its own for each request.
  private static func horizon(_ workload: Workload, _ costs: SimulatedCosts, _ minActive: Duration) -> Duration {
    let switches = workload.models.flatMap { from in workload.models.map { costs.seconds(from: from, to: $0) } }
    let longest = Duration.seconds(switches.max() ?? 0) + minActive
    return workload.requests.reduce(workload.requests.map(\.at).max() ?? .zero) { $0 + $1.work + longest }
  }
}

/// Why a workload has no optimum that can be found.
struct OptimumFault: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
