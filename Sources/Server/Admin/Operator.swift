internal import Core
internal import HTTP
internal import Switcher

/// Has the switcher carry out what an admin route was asked for: the one way from the admin routes to the machine.
struct Operator: Sendable {
  let switcher: ModelSwitcher
  let logger: Logger

  /// Waits until the command is done or has failed, and leaves a trace of who asked for what, and how it ended.
  /// - Throws: why it could not be done, with the status to answer.
  func carryOut(_ command: Switcher.Command, askedBy exchange: Exchange) async throws(AdminError) {
    do throws(SwitchError) {
      try await switcher.perform(command)
      logger.info("operator", ["command": "\(command)", "peer": exchange.peer, "result": "done"])
    } catch {
      let failure = AdminError(error)
      logger.warning("operator", ["command": "\(command)", "peer": exchange.peer, "result": failure.message])
      throw failure
    }
  }
}
