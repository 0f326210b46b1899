import Core
import HTTP
import Testing

@testable import Backends

/// Tests that start processes: one after the other, since some of them count descriptors and children.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ProcessTests {
  /// What a started server needs around it.
  struct Site {
    let log = LineLog()
    let tree = ProcessTree()
    let timeline = SystemTimeline()
    let loop: EventLoop

    init() throws { loop = try EventLoop(name: "test") }

    func launch(_ command: [String], grace: Duration = .seconds(10)) -> Launch {
      Launch(command: command, environment: tree.environment, stopGrace: grace)
    }

    func start(_ command: [String], grace: Duration = .seconds(10)) -> ChildProcess {
      ChildProcess(launch(command, grace: grace), loop: loop, timeline: timeline, logger: log.logger)
    }

    func shell(_ script: String) -> ChildProcess { start(["sh", "-c", script]) }
  }
}
