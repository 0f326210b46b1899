internal import Core
internal import Policies
internal import Synchronization
internal import TestSupport

@testable import Switcher

/// A switcher with scripted runtimes and a clock that only the test moves.
final class SwitcherHarness: Sendable {
  let timeline = ManualTimeline()
  let a = ScriptedRuntime(port: 1)
  let b = ScriptedRuntime(port: 2)
  let switcher: ModelSwitcher
  private let ended: Ended

  private final class Ended: Sendable {
    let records = Mutex<[SwitchRecord]>([])
  }

  init(
    policy: any SwitchPolicy = FIFO(minActive: .zero), limits: ModelLimits = ModelLimits(),
    observer: @escaping Observer = { _, _ in }, hangUp: @escaping @Sendable (Upstream) -> Void = { _ in }
  ) {
    let ended = Ended()
    self.ended = ended
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: [("a", limits), ("b", limits)], policy: policy, requestTimeout: .seconds(300), at: timeline.now),
      runtimes: ["a": a, "b": b], timeline: timeline,
      observer: { notice, instant in
        observer(notice, instant)
        if case .switchEnded(let record) = notice { ended.records.withLock { $0.append(record) } }
      }, hangUp: hangUp)
  }

  /// The switches that have ended.
  var records: [SwitchRecord] { ended.records.withLock { $0 } }

  /// A request that ends as soon as it is granted.
  func request(_ model: ModelID, patience: Duration? = nil) async throws -> Grant {
    try await switcher.withModel(model, deadline: deadline(patience)) { grant, _ in grant }
  }

  /// A request in a task of its own; it stays in flight until `end` is opened.
  func task(
    _ model: ModelID, patience: Duration? = nil, until end: Gate = Gate(isOpen: true)
  ) -> Task<Grant, any Error> {
    let deadline = deadline(patience)
    return Task {
      try await switcher.withModel(model, deadline: deadline) { grant, _ in
        await end.passed()
        return grant
      }
    }
  }

  /// Wakes a.
  func bringA() async throws {
    let request = task("a")
    _ = await a.next()
    a.succeed()
    _ = try await request.value
  }

  /// Waits until the status is as the test needs it to go on.
  /// - Throws: `CancellationError` when the test's time is up.
  func snapshot(when condition: (Snapshot) -> Bool) async throws -> Snapshot {
    while true {
      let snapshot = await switcher.snapshot()
      if condition(snapshot) { return snapshot }
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  private func deadline(_ patience: Duration?) -> Instant { patience.map { timeline.now + $0 } ?? .distantFuture }
}

/// Holds tasks up until it is opened.
final class Gate: Sendable {
  private let state: Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>

  init(isOpen: Bool = false) { state = Mutex((isOpen, [])) }

  func passed() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

extension Snapshot {
  var inFlight: Int { models.reduce(0) { $0 + $1.inFlight } }
  var queued: Int { models.reduce(0) { $0 + $1.queueDepth } }
  func state(_ model: ModelID) -> LifecycleState? { models.first { $0.id == model }?.state }
}
