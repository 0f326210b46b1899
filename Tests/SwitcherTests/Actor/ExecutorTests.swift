internal import Core
internal import Dispatch
internal import Testing

@testable import Switcher

/// Whoever runs on an executor of its own, as a connection does on its event loop, is back on it for its request's body.
@Suite(.timeLimit(.minutes(10)))
struct ExecutorTests {
  @Test(arguments: [true, false])
  func `a request's body runs where its caller runs, whether it waited or not`(_ waits: Bool) async throws {
    let harness = SwitcherHarness()
    if !waits { try await harness.bringA() }
    let executor = QueueExecutor()
    let request = Task(executorPreference: executor) {
      try await harness.switcher.withModel("a", deadline: .distantFuture) { _, _ in executor.isCurrent }
    }
    if waits {
      _ = await harness.a.next()
      harness.a.succeed()
    }
    #expect(try await request.value)
  }
}

private final class QueueExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "executor")
  private static let key = DispatchSpecificKey<ObjectIdentifier>()

  init() { queue.setSpecific(key: Self.key, value: ObjectIdentifier(self)) }

  var isCurrent: Bool { DispatchQueue.getSpecific(key: Self.key) == ObjectIdentifier(self) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The closure keeps the executor alive, so that the unowned reference to it holds.
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
