internal import Core
internal import Synchronization

/// A runtime whose every operation stands still until the test lets it end, or its task is cancelled.
final class ScriptedRuntime: ModelRuntime {
  enum Call: Hashable, Sendable {
    case wake, sleep(Eviction?), stop, vacate
  }

  private struct State {
    var pending: CheckedContinuation<Void, any Error>?
    var calls: [Call] = []
    var instance = 0
    var isAlive = false
    var isCancelled = false
    var isLeftAwake = false
  }

  let upstream: Upstream
  let deaths: AsyncStream<Death>
  private let deathReports: AsyncStream<Death>.Continuation
  private let begun: AsyncStream<Call>
  private let beginnings: AsyncStream<Call>.Continuation
  private let state = Mutex(State())

  init(port: UInt16) {
    upstream = Upstream(origin: Origin(host: "127.0.0.1", port: port))
    (deaths, deathReports) = AsyncStream.makeStream()
    (begun, beginnings) = AsyncStream.makeStream()
  }

  // MARK: What the test does

  /// The next call that has begun, in order; waits for it.
  func next() async -> Call? { await begun.first { _ in true } }

  /// All calls that have begun so far.
  var calls: [Call] { state.withLock { $0.calls } }

  /// Lets the call that stands still end.
  func succeed() { end(.success(())) }

  func fail(_ message: String) { end(.failure(RuntimeFailure(message))) }

  /// The server ends of its own accord.
  func die() {
    let instance = state.withLock { state in
      state.isAlive = false
      return Instance(state.instance)
    }
    deathReports.yield(Death(instance: instance, reason: "crashed"))
  }

  /// The server ends, and nobody is told.
  func dieSilently() { state.withLock { $0.isAlive = false } }

  /// Somebody else has left the server awake.
  func leaveAwake() { state.withLock { $0.isLeftAwake = true } }

  private func end(_ result: Result<Void, any Error>) {
    let pending = state.withLock { state in
      defer { state.pending = nil }
      return state.pending
    }
    pending?.resume(with: result)
  }

  // MARK: What the switcher does

  func wake() async throws(RuntimeFailure) -> Instance {
    try await stand(still: .wake)
    return state.withLock { state in
      if !state.isAlive { state.instance += 1 }
      state.isAlive = true
      return Instance(state.instance)
    }
  }

  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    try await stand(still: .sleep(eviction))
    return .asleep
  }

  func stop() async throws(RuntimeFailure) {
    try await stand(still: .stop)
    state.withLock { $0.isAlive = false }
  }

  func vacate() async throws(RuntimeFailure) {
    guard state.withLock({ $0.isLeftAwake }) else { return }
    do throws(RuntimeFailure) {
      try await stand(still: .vacate)
    } catch {
      // One that is given up has found nothing.
      guard Task.isCancelled else { throw error }
      return
    }
    state.withLock { $0.isLeftAwake = false }
  }

  /// As with a real one, a look that is given up finds nothing.
  func isAlive() async -> Bool { state.withLock { $0.isAlive } && !Task.isCancelled }

  var processState: ProcessState {
    get async { state.withLock { $0.isAlive ? .running : .stopped } }
  }

  private func stand(still call: Call) async throws(RuntimeFailure) {
    do {
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let isCancelled = state.withLock { state in
            state.calls.append(call)
            state.pending = continuation
            return state.isCancelled
          }
          beginnings.yield(call)
          if isCancelled { end(.failure(CancellationError())) }
        }
      } onCancel: {
        state.withLock { $0.isCancelled = true }
        end(.failure(CancellationError()))
      }
    } catch let failure as RuntimeFailure {
      throw failure
    } catch {
      state.withLock { $0.isCancelled = false }
      throw RuntimeFailure("\(call) was cancelled")
    }
  }
}
