internal import Core
internal import Switcher

/// Has the switcher carry out what an admin route was asked for: the one way from the admin routes to the machine.
struct Operator: Sendable {
  let switcher: ModelSwitcher

  /// Waits until the command is done or has failed.
  /// - Throws: why it could not be done, with the status to answer.
  func carryOut(_ command: Switcher.Command) async throws(AdminError) {
    do throws(SwitchError) { try await switcher.perform(command) } catch { throw AdminError(error) }
  }
}
