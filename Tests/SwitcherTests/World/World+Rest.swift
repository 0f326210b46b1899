internal import Core

@testable import Switcher

extension World {
  /// Lets everything that is under way end well, and every timer fire, until nothing happens any more. Whoever waits then
  /// was forgotten.
  mutating func rest() {
    for _ in 0..<500 {
      guard violation == nil else { return }
      if let model = models.first(where: { servers[index(of: $0)].unreportedDeath != nil }) {
        reportDeath(model)
      } else if let model = models.first(where: { servers[index(of: $0)].isBusy }) {
        succeed(model)
      } else if !openGrants.isEmpty {
        finishAll()
      } else if timer != nil {
        fireTimer()
      } else {
        return checkRest()
      }
    }
    report("it does not come to rest")
  }

  private mutating func checkRest() {
    if let waiter = waiters.first { report("request \(waiter.ticket.number) for \(waiter.model) is left waiting") }
    if let command = pendingCommands.first { report("command \(command.id.number) is left without an answer") }
    if let transition = machine.transition { report("the switch to \(transition.to?.name ?? "none") never ends") }
    if !machine.endings.isEmpty { report("a process is being ended for ever") }
    if !isClosed, machine.models.map(\.id) != configured { report("the models are \(machine.models.map(\.id))") }
    if !isClosed, machine.models.contains(where: { $0.departure != nil }) { report("a model departs for ever") }
    if !machine.pendingPins.isEmpty { report("a pin is pending for ever") }
  }
}
