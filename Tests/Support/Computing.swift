internal import Dispatch
package import Testing

/// A test that computes for seconds. All such tests share one thread of their own: on those of the common pool, which has
/// one a core, they would hold up every test that waits for a network or a process until they are done.
package struct ComputingTrait: TestTrait, SuiteTrait, TestScoping {
  package let isRecursive = true

  @concurrent package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(OneThread.shared) { try await function() }
  }
}

extension Trait where Self == ComputingTrait {
  /// It computes for seconds.
  package static var computing: Self { Self() }
}

private final class OneThread: TaskExecutor {
  static let shared = OneThread()

  private let queue = DispatchQueue(label: "computing tests")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
