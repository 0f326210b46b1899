/// A call that controls a stand-in model server. They are carried out one at a time, in the order they came, so that
/// `isSleeping` is not answered while a sleep or a wake is under way.
enum EngineCall: Hashable, Sendable {
  case sleep(SleepLevel, EngineScheduler.PauseMode)
  case wakeUp(Set<EngineMemory>)
  case isSleeping
  case reloadWeights
  case resetPrefixCache
}

/// What a sleep does with the memory on the GPU.
enum SleepLevel: Int, Sendable, CaseIterable {
  /// Nothing: the engine only stops working on requests.
  case pause = 0
  /// The weights are kept in the machine's memory.
  case offload = 1
  /// The weights are lost.
  case discard = 2
}

/// What an engine has on the GPU; the names are the `tags` of /wake_up.
enum EngineMemory: String, Sendable, CaseIterable {
  case weights
  case kvCache = "kv_cache"
}

/// How a control call ended.
enum EngineAnswer: Hashable, Sendable {
  case done
  /// Whether the engine sleeps now, wholly or in part: the answer to a wake, and to the question.
  case sleeping(Bool)
  /// Worded as the error that a client gets.
  case failed(String)
}
