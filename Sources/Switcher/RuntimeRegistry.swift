internal import Core

/// Which runtime serves which model now, and which takes its place once its server has ended.
struct RuntimeRegistry {
  private(set) var current: [ModelID: any ModelRuntime] = [:]
  private var successors: [ModelID: any ModelRuntime] = [:]
  /// Every runtime as it is taken on, for one reader.
  let arrivals: AsyncStream<(ModelID, any ModelRuntime)>
  private let announcements: AsyncStream<(ModelID, any ModelRuntime)>.Continuation

  init(_ runtimes: [ModelID: any ModelRuntime]) {
    (arrivals, announcements) = AsyncStream.makeStream()
    for (model, runtime) in runtimes { install(runtime, for: model) }
  }

  subscript(model: ModelID) -> (any ModelRuntime)? { current[model] }

  /// Takes the runtimes of a new configuration on: at once where a model has none, else when `succeed` is called for it.
  /// - Parameter configured: every model of the new configuration; who is not among them gets no successor any more.
  mutating func take(_ runtimes: [ModelID: any ModelRuntime], configured: Set<ModelID>) {
    successors = successors.filter { configured.contains($0.key) }
    for (model, runtime) in runtimes {
      if current[model] == nil { install(runtime, for: model) } else { successors[model] = runtime }
    }
  }

  /// The model's old server has ended: lets go of its runtime, for the successor if there is one.
  mutating func succeed(_ model: ModelID) {
    current[model] = nil
    if let successor = successors.removeValue(forKey: model) { install(successor, for: model) }
  }

  private mutating func install(_ runtime: any ModelRuntime, for model: ModelID) {
    current[model] = runtime
    announcements.yield((model, runtime))
  }
}
