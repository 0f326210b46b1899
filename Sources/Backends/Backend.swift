internal import Core

/// A kind of model server, and how its settings become a plan. Two backends of one name are the same.
package struct Backend: Hashable, Sendable, CustomStringConvertible {
  /// What the configuration calls it.
  package let name: String
  let plan: @Sendable (BackendSettings) throws(BackendFaults) -> ServerPlan

  /// All there are. A new backend is a file of its own and a line here.
  package static let catalogue: [Backend] = [.command, .attached, .vllm]

  /// The backend that the configuration calls `name`, nil where there is none.
  package static func named(_ name: String) -> Backend? { catalogue.first { $0.name == name } }

  package var description: String { name }

  package static func == (left: Backend, right: Backend) -> Bool { left.name == right.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
