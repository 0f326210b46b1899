internal import Core
internal import Synchronization

/// Numbers the lives of each model's servers, over all the runtimes that the model has in turn: what is late for a server
/// that was replaced never touches its successor.
final class InstanceNumbers: Sendable {
  private let last = Mutex<[ModelID: Int]>([:])

  func next(for model: ModelID) -> Instance {
    last.withLock { last in
      last[model, default: 0] += 1
      return Instance(last[model, default: 0])
    }
  }
}
