internal import Core
internal import Synchronization

/// A GPU that notices whenever two models hold it, and runtimes that take it and give it back without delay.
final class SharedGPU: Sendable {
  private struct State {
    var holder: ModelID?
    var wakes = 0
    var conflicts: [String] = []
  }

  private let state = Mutex(State())

  /// Everything that should not have been.
  var conflicts: [String] { state.withLock { $0.conflicts } }

  var wakes: Int { state.withLock { $0.wakes } }

  /// To be called by whoever uses the model.
  func use(_ model: ModelID) {
    state.withLock { state in
      if state.holder != model { state.conflicts.append("\(model) used while \(state.holder?.name ?? "no") is awake") }
    }
  }

  fileprivate func take(_ model: ModelID) {
    state.withLock { state in
      if let holder = state.holder { state.conflicts.append("\(model) woken while \(holder) is awake") }
      state.holder = model
      state.wakes += 1
    }
  }

  fileprivate func leave(_ model: ModelID) {
    state.withLock { state in
      if state.holder == model { state.holder = nil }
    }
  }

  func runtime(_ model: ModelID) -> any ModelRuntime { Runtime(model: model, gpu: self) }

  private struct Runtime: ModelRuntime {
    let model: ModelID
    let gpu: SharedGPU
    let upstream = Upstream(origin: Origin(host: "::1", port: 1))
    let deaths = AsyncStream<Death> { $0.finish() }

    func wake() async -> Instance {
      await Task.yield()
      gpu.take(model)
      return Instance(1)
    }

    func sleep(_ eviction: Eviction?) async -> Residence {
      await Task.yield()
      gpu.leave(model)
      return .asleep
    }

    func stop() async { gpu.leave(model) }

    func isAlive() async -> Bool { true }

    var processState: ProcessState {
      get async { .running }
    }
  }
}
