internal import Core

extension ConfigValue {
  /// How a model gives the GPU up: an object, the words joined by a plus, or one of the numbers of old.
  func eviction() -> Eviction? {
    let expected = #"{"weights": …, "process": …}, "weights+process" or a number from 1 to 5"#
    switch json.value {
    case .object:
      let weights = Eviction.Weights.allCases.map { ($0.rawValue, $0) }
      let processes = Eviction.ProcessStrategy.allCases.map { ($0.rawValue, $0) }
      return object { object in
        Eviction(
          weights: object.take("weights")?.choice(of: weights) ?? Eviction.default.weights,
          process: object.take("process")?.choice(of: processes) ?? Eviction.default.process)
      }
    case .number(let spelling):
      if let eviction = Int(spelling).flatMap(Eviction.init(number:)) { return eviction }
    case .string:
      guard let text = string() else { return nil }
      if let eviction = Eviction(words: text) { return eviction }
    default: break
    }
    fault(expected: expected)
    return nil
  }
}

extension Eviction {
  /// One of llmux's numbers of old, from 1 to 5; nil for any other.
  init?(number: Int) {
    switch number {
    case 1: self.init(weights: .offload, process: .keepRunning)
    case 2: self.init(weights: .discard, process: .keepRunning)
    case 3: self.init(weights: .retain, process: .cudaSuspend)
    case 4: self.init(weights: .retain, process: .checkpoint)
    case 5: self.init(weights: .retain, process: .stop)
    default: return nil
    }
  }

  /// The two words as `description` joins them: `offload+keep_running`; nil for any others.
  init?(words: String) {
    let parts = words.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let weights = Weights(rawValue: parts[0]), let process = ProcessStrategy(rawValue: parts[1])
    else { return nil }
    self.init(weights: weights, process: process)
  }
}
