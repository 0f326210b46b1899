internal import Core
internal import Switcher

/// Has the switcher carry out what an admin route was asked for: the one way from the admin routes to the machine.
struct Operator: Sendable {
  let switcher: ModelSwitcher
  /// Why a model can't give the GPU up in some way; nil where it can.
  let refusal: @Sendable (Eviction, ModelID) async -> String?

  /// Waits until the command is done or has failed.
  /// - Throws: why it could not be done, with the status to answer.
  func carryOut(_ command: Switcher.Command) async throws(AdminError) {
    try await requirePossible(command)
    do throws(SwitchError) { try await switcher.perform(command) } catch { throw AdminError(error) }
  }

  /// - Throws: 409 when the model can't give the GPU up like that; of a model that is not there, nothing is said.
  private func requirePossible(_ command: Switcher.Command) async throws(AdminError) {
    switch command {
    case .sleep(let model, let eviction?), .setEviction(let model, let eviction):
      if let refusal = await refusal(eviction, model) { throw AdminError(409, refusal) }
    default: break
    }
  }
}
