import Testing

@testable import Metrics

@Suite struct `A family` {
  @Test func `gives the same child for the same label values`() {
    let family: Family<Counter, String, Outcome> = Registry().counter("c_total", help: "", labels: "model", "outcome")
    #expect(family["qwen", .success] === family["qwen", .success])
    #expect(family["qwen", .success] !== family["qwen", .failed])
  }

  @Test func `keeps label values apart that read alike when joined`() {
    let family: Family<Counter, String, String> = Registry().counter("c_total", help: "", labels: "a", "b")
    #expect(family["x,", "y"] !== family["x", ",y"])
  }

  @Test func `shows every series made beforehand at 0`() async {
    let registry = Registry()
    let family: Family<Counter, String, Bool, Outcome> = registry.counter(
      "c_total", help: "", labels: "model", "waited", "outcome")
    family.create(every: ["phi", "qwen"], [true, false], Outcome.allCases)
    #expect(
      await registry.samples() == [
        #"c_total{model="phi",waited="true",outcome="success"} 0"#,
        #"c_total{model="phi",waited="true",outcome="failed"} 0"#,
        #"c_total{model="phi",waited="false",outcome="success"} 0"#,
        #"c_total{model="phi",waited="false",outcome="failed"} 0"#,
        #"c_total{model="qwen",waited="true",outcome="success"} 0"#,
        #"c_total{model="qwen",waited="true",outcome="failed"} 0"#,
        #"c_total{model="qwen",waited="false",outcome="success"} 0"#,
        #"c_total{model="qwen",waited="false",outcome="failed"} 0"#,
      ])
  }

  @Test func `of histograms shows pairs made beforehand with every bucket at 0`() async {
    let registry = Registry()
    let family: Family<Histogram, String, String> = registry.histogram(
      "h_seconds", help: "", buckets: Buckets([1]), labels: "from", "to")
    family.create("phi", "qwen")
    #expect(
      await registry.samples() == [
        #"h_seconds_bucket{from="phi",to="qwen",le="1.0"} 0"#,
        #"h_seconds_bucket{from="phi",to="qwen",le="+Inf"} 0"#,
        #"h_seconds_sum{from="phi",to="qwen"} 0"#,
        #"h_seconds_count{from="phi",to="qwen"} 0"#,
      ])
  }

  @Test func `makes a child once though many threads ask for it`() async {
    let registry = Registry()
    let family: Family<Counter, Int> = registry.counter("c_total", help: "", labels: "step")
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for step in 0..<100 { family[step].increment() }
        }
      }
    }
    let samples = await registry.samples()
    #expect(samples.count == 100)
    #expect(samples.allSatisfy { $0.hasSuffix(" 8") })
  }
}

@Suite struct `The limit of series` {
  @Test func `folds what is beyond it into one child, and counts it`() async {
    let registry = Registry(seriesLimit: 2)
    let family: Family<Counter, String, String> = registry.counter("c_total", help: "", labels: "from", "to")
    for model in ["a", "b", "c", "d"] { family[model, "z"].increment() }
    family["a", "z"].increment()
    registry.addRegistryMetrics(prefix: "")
    let samples = await registry.samples()
    #expect(
      samples.filter { $0.hasPrefix("c_total") } == [
        #"c_total{from="a",to="z"} 2"#,
        #"c_total{from="b",to="z"} 1"#,
        #"c_total{from="_other",to="_other"} 2"#,
      ])
    #expect(samples.contains("metrics_dropped_series_total 2"))
  }

  @Test func `counts a histogram as all the series it is exposed as`() async {
    let registry = Registry(seriesLimit: 9)
    let family: Family<Histogram, Int> = registry.histogram(
      "h", help: "", buckets: Buckets([1]), labels: "step")
    for step in 0..<3 { family[step].observe(1) }
    let counts = await registry.samples().filter { $0.hasPrefix("h_count") }
    #expect(counts == [#"h_count{step="0"} 1"#, #"h_count{step="1"} 1"#, #"h_count{step="_other"} 1"#])
  }

  @Test func `spares a metric without labels`() async {
    let registry = Registry(seriesLimit: 0)
    registry.counter("c_total", help: "").increment()
    #expect(await registry.samples() == ["c_total 1"])
  }
}
