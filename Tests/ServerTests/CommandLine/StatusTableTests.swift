import Core
import Policies
import Testing

@testable import Server
@testable import Switcher

struct StatusTableTests {
  @Test func `the command line shows what the daemon's status says`() throws {
    var machine = SwitchMachine(
      models: [("my_model", ModelLimits()), ("otherModel", ModelLimits())], policy: FIFO(options: PolicyOptions([:])),
      requestTimeout: .seconds(300), at: .zero)
    var effects: [Effect] = []
    machine.handle(.command(CommandID(number: 1), .pin("my_model")), at: .zero, effects: &effects)
    machine.handle(.woke("my_model", Instance(1)), at: .zero, effects: &effects)
    let request = Event.requestArrived(Ticket(number: 1), "my_model", deadline: .distantFuture)
    machine.handle(request, at: .zero, effects: &effects)
    let status = Status(machine.snapshot(at: .zero), processes: ["my_model": .running])
    let table = try #require(StatusTable(json: json(status)))
    #expect(
      table.text == """
        active:my_model, mode manual, pinned to my_model, policy fifo
        model       state    process  in flight  waiting
        my_model    active   running  1          0     \u{20}
        otherModel  stopped  stopped  0          0     \u{20}
        """)
  }

  @Test func `what is no status is no table`() {
    #expect(StatusTable(json: Array(#"{"state":"idle"}"#.utf8)) == nil)
  }
}
