internal import Core

/// The workloads that are built in.
enum WorkloadCatalogue {
  /// Those that stand for several.
  static let groups = ["llmux", "general", "all"]

  /// Every name that `names(for:)` knows.
  static var names: [String] { groups + LlmuxProfiles.names + GeneralSuite.names }

  /// The workloads that a name stands for, in the order in which they are to be run; nil where there are none.
  static func names(for name: String) -> [String]? {
    switch name {
    case "llmux": LlmuxProfiles.names
    case "general": GeneralSuite.names
    case "all": LlmuxProfiles.names + GeneralSuite.names
    default: names.contains(name) ? [name] : nil
    }
  }

  /// - Parameters:
  ///   - name: one of a single workload.
  ///   - seed: draws those of the general suite.
  ///   - work: what each request of an llmux profile takes.
  static func workload(_ name: String, seed: UInt64, work: Duration) -> Workload? {
    LlmuxProfiles.workload(name, work: work) ?? GeneralSuite.workload(name, seed: seed)
  }
}
