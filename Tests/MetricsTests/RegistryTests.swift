import Testing

@testable import Metrics

@Suite struct `A registry` {
  @Test func `counts the series that it yields`() async throws {
    let registry = Registry()
    let family: Family<Histogram, String> = registry.histogram(
      "h_seconds", help: "", buckets: .overhead, labels: "model")
    let gauge: Collected<String> = registry.gauge("g", help: "", labels: "model")
    family.create(every: ["phi", "qwen"])
    registry.collect { samples in
      for model in ["phi", "qwen"] { samples.set(gauge, model, to: 1) }
    }
    registry.addRegistryMetrics(prefix: "switcher_")
    let samples = await registry.samples()
    #expect(samples.contains("switcher_metrics_series \(samples.count)"))
  }

  @Test func `tells how long its last scrape took`() async throws {
    let registry = Registry()
    registry.addRegistryMetrics(prefix: "")
    #expect(await registry.samples().contains("metrics_render_seconds 0"))
    #expect(await !registry.samples().contains("metrics_render_seconds 0"))
  }

  @Test func `refuses a name that is taken`() async {
    await #expect(processExitsWith: .failure) {
      let registry = Registry()
      _ = registry.counter("x_total", help: "")
      _ = registry.counter("x_total", help: "")
    }
  }

  @Test func `refuses two families that OpenMetrics would not tell apart`() async {
    await #expect(processExitsWith: .failure) {
      let registry = Registry()
      _ = registry.counter("x_total", help: "")
      let _: Collected<> = registry.gauge("x", help: "")
    }
  }

  @Test(arguments: ["", "9_total", "a-b_total", "ä_total", "x", "a b_total"])
  func `refuses a counter's name`(name: String) async {
    await #expect(processExitsWith: .failure) { [name] in _ = Registry().counter(name, help: "") }
  }

  @Test(arguments: ["", "le", "__name", "a:b", "a-b"]) func `refuses a label's name`(name: String) async {
    await #expect(processExitsWith: .failure) { [name] in
      _ = Registry().counter("x_total", help: "", labels: Label(name, of: String.self))
    }
  }
}
