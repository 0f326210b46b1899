/// How a model gives the GPU up: what becomes of its weights, and what becomes of its process.
package struct Eviction: Hashable, Sendable, CustomStringConvertible {
  package var weights: Weights
  package var process: ProcessStrategy

  package init(weights: Weights, process: ProcessStrategy) {
    self.weights = weights
    self.process = process
  }

  /// What llmux does where nothing is configured, and so do we: the process ends, and everything with it.
  package static let `default` = Eviction(weights: .retain, process: .stop)

  package var description: String { "\(weights.rawValue)+\(process.rawValue)" }

  package enum Weights: String, Sendable, CaseIterable {
    case retain, offload, discard
  }

  package enum ProcessStrategy: String, Sendable, CaseIterable {
    case keepRunning = "keep_running"
    case cudaSuspend = "cuda_suspend"
    case checkpoint
    case stop
  }
}
