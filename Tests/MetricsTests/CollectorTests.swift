import Synchronization
import Testing

@testable import Metrics

/// A state of the program that collectors read.
private actor Engine {
  enum State: String, LabelValue, CaseIterable {
    case asleep, active
  }

  private(set) var state: State?

  func enter(_ state: State?) { self.state = state }
}

@Suite struct `A collector` {
  @Test func `is asked anew at each scrape`() async {
    let registry = Registry()
    let engine = Engine()
    let modelState: Collected<String, Engine.State> = registry.gauge(
      "model_state", help: "", labels: "model", "state")
    registry.collect { samples in samples.set(modelState, "qwen", current: await engine.state) }

    for (state, asleep, active) in [(Engine.State.asleep, 1, 0), (.active, 0, 1), (nil, 0, 0)] {
      await engine.enter(state)
      #expect(
        await registry.samples() == [
          #"model_state{model="qwen",state="asleep"} \#(asleep)"#,
          #"model_state{model="qwen",state="active"} \#(active)"#,
        ])
    }
  }

  @Test func `tells several families out of one snapshot, each written where it was declared`() async {
    let registry = Registry()
    let time: Collected<String> = registry.collectedCounter("gpu_seconds_total", help: "", labels: "model")
    let counter = registry.counter("between_total", help: "")
    let ratio: Collected<> = registry.gauge("ratio", help: "")
    registry.collect { samples in
      samples.set(ratio, to: 0.5)
      samples.set(time, "qwen", to: .milliseconds(2500))
      samples.set(time, "phi", to: 7)
    }
    counter.increment()
    #expect(
      await registry.samples() == [
        #"gpu_seconds_total{model="qwen"} 2.5"#, #"gpu_seconds_total{model="phi"} 7"#, "between_total 1", "ratio 0.5",
      ])
  }

  @Test func `that tells nothing leaves the family described and without samples`() async {
    let registry = Registry()
    let _: Collected<> = registry.gauge("g", help: "A gauge.")
    #expect(await registry.text() == "# HELP g A gauge.\n# TYPE g gauge\n")
  }
}
