internal import Backends
internal import Core
internal import Metrics

/// What wakes and control steps take, counted as the runtimes tell it.
struct RuntimeMetrics: Sendable {
  private let wakes: Family<Histogram, String, WakeKind>
  private let steps: Family<Histogram, String, ControlOperation, Int>

  /// Declares the metrics; the models' series are made by `create`.
  init(registry: Registry) {
    wakes = registry.histogram(
      "switcher_model_wake_seconds", help: "How long a model took to be able to serve, by what it began from.",
      buckets: .switching, labels: "model", "kind")
    steps = registry.histogram(
      "switcher_control_step_seconds", help: "How long each step of a sleep or a wake took, failed ones included.",
      buckets: .switching, labels: "model", "operation", "step")
  }

  /// Makes the series that these models can have, as far as there are none yet.
  func create(_ models: [ModelConfiguration]) {
    for model in models {
      // Faults in the settings have kept the configuration from coming this far.
      guard let traits = try? model.backend.traits() else { continue }
      wakes.create(every: [model.id.name], WakeKind.allCases.filter(traits.wakeKinds.contains))
      for (operation, count) in traits.steps where count > 0 {
        steps.create(every: [model.id.name], [operation], Array(1...count))
      }
    }
  }

  func observe(_ model: ModelID, _ event: RuntimeEvent) {
    switch event {
    case .woke(let kind, let duration): wakes[model.name, kind].observe(duration)
    case .stepTaken(let operation, let step, let duration): steps[model.name, operation, step].observe(duration)
    }
  }
}

extension WakeKind: LabelValue {}
extension ControlOperation: LabelValue {}
