internal import Backends
internal import Core

/// What a new configuration has changed, and what of it has to wait for a restart.
struct ReloadReport: Encodable, Sendable {
  let message: String
  let policy: String
  let added: [String]
  let removed: [String]
  /// Their servers are replaced by ones with other settings.
  let renewed: [String]
  let warnings: [String]

  /// - Parameters:
  ///   - started: the configuration that the daemon started with, which its listeners still have.
  ///   - old: the one in force until now.
  init(started: Configuration, old: Configuration, new: Configuration) {
    let former = Dictionary(old.models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(new.models.map(\.id))
    policy = new.policy.name
    added = new.models.filter { former[$0.id] == nil }.map(\.id.name)
    removed = old.models.filter { !names.contains($0.id) }.map(\.id.name)
    renewed = new.models.filter { model in former[model.id].map { $0.backend != model.backend } ?? false }
      .map(\.id.name)
    warnings = new.warnings.map(\.description) + Self.waiting(for: started, new)
    let changes = [("added", added), ("removed", removed), ("replaced", renewed)].filter { !$0.1.isEmpty }
      .map { "\($0.0) \($0.1.joined(separator: ", "))" }
    message = (["the configuration is in force, policy \(policy)"] + changes).joined(separator: "; ")
  }

  /// The settings that a running daemon can't change. Their values stay unsaid: one of them is a secret.
  private static func waiting(for started: Configuration, _ new: Configuration) -> [String] {
    let settings: [(name: String, isChanged: Bool)] = [
      ("listen", started.listen != new.listen),
      ("admin_listen", started.adminListen != new.adminListen),
      ("admin_token", started.adminToken != new.adminToken),
      ("metrics_port", started.metricsListen != new.metricsListen),
      ("metrics", started.metrics != new.metrics),
    ]
    return settings.filter(\.isChanged).map { "\($0.name) is another one now and takes effect with a restart" }
  }
}
