import Core
import Synchronization

@testable import Server

/// The GPU of a replay: what is in flight on it, and the wake under way. It stands still until the replay moves it.
final class ReplayGPU: Sendable {
  private struct Wake {
    let ready: Int64
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var engine: SharedEngine
    var served: [Int: CheckedContinuation<Void, Never>] = [:]
    var completion: Int64?
    var wake: Wake?
    var lastAwake: ModelID?
  }

  private let costs: SimulatedCosts
  private let timeline: any Timeline
  private let state: Mutex<State>

  init(slowdown: Double, costs: SimulatedCosts, timeline: any Timeline) {
    self.costs = costs
    self.timeline = timeline
    state = Mutex(State(engine: SharedEngine(slowdown: slowdown)))
  }

  // MARK: What the replay does

  var running: Int { state.withLock { $0.served.count } }

  var isWaking: Bool { state.withLock { $0.wake != nil } }

  /// When something ends next, in microseconds.
  var nextEnd: Int64? {
    state.withLock { state in
      if let (_, next) = state.engine.foresee(at: timeline.now.microseconds) { state.completion = next }
      if state.engine.isIdle { state.completion = nil }
      return [state.completion, state.wake?.ready].compactMap { $0 }.min()
    }
  }

  /// Ends the requests whose work is done.
  func complete() {
    let now = timeline.now.microseconds
    let done = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard state.completion == now else { return [] }
      return state.engine.complete(at: now).compactMap { state.served.removeValue(forKey: $0) }
    }
    for continuation in done { continuation.resume() }
  }

  /// Ends the wake whose time has come.
  func finishWake() {
    let now = timeline.now.microseconds
    let wake = state.withLock { state -> Wake? in
      guard let wake = state.wake, wake.ready <= now else { return nil }
      state.wake = nil
      return wake
    }
    wake?.continuation.resume()
  }

  // MARK: What the switcher and its callers do

  /// Returns when the work of a request is done.
  func serve(_ visit: Int, work: Double) async {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        state.engine.start(visit, work: work, at: timeline.now.microseconds)
        state.served[visit] = continuation
      }
    }
  }

  /// Takes what the switch costs; nothing on the empty GPU.
  fileprivate func wake(_ model: ModelID) async {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        let cost = state.lastAwake.map { costs.seconds(from: $0, to: model) } ?? 0
        let ready = timeline.now.microseconds + Int64((cost * 1_000_000).rounded())
        state.wake = Wake(ready: ready, continuation: continuation)
        state.lastAwake = model
      }
    }
  }
}

/// A model that sleeps at once and wakes as its GPU lets it.
struct ReplayRuntime: ModelRuntime {
  let model: ModelID
  let gpu: ReplayGPU
  let upstream = Upstream(origin: Origin(host: "::1", port: 1))
  let deaths = AsyncStream<Death> { $0.finish() }

  func wake() async -> Instance {
    await gpu.wake(model)
    return Instance(1)
  }

  func sleep(_ eviction: Eviction?) async -> Residence { .asleep }

  func stop() async {}

  func isAlive() async -> Bool { true }

  var processState: ProcessState {
    get async { .running }
  }
}

extension Instant {
  var microseconds: Int64 { nanoseconds / 1000 }
}
