import Testing

@testable import Metrics

/// A registry with one family of each type, in which something has happened.
private func usedRegistry() -> Registry {
  let registry = Registry()
  let switches: Family<Counter, String, String, Outcome> = registry.counter(
    "switcher_switches_total", help: "Switches by outcome.", labels: "from", "to", "outcome")
  let gpu: Family<SecondsCounter, String> = registry.secondsCounter(
    "switcher_gpu_seconds_total", help: "Where GPU time goes.", labels: "state")
  let depth: Collected<String> = registry.gauge(
    "switcher_queue_depth", help: "Requests that wait.", labels: "model")
  let wait: Family<Histogram, String> = registry.histogram(
    "switcher_request_queue_wait_seconds", help: "Time in the queue.", buckets: Buckets([0.1, 15]), labels: "model")
  let overhead = registry.histogram(
    "switcher_proxy_overhead_seconds", help: "Our own cost.", buckets: Buckets([50e-6]))

  switches["phi", "qwen", .success].increment()
  switches["phi", "qwen", .failed].increment(by: 2)
  gpu["serving"].add(.milliseconds(1500))
  registry.collect { $0.set(depth, "qwen", to: 3) }
  wait["qwen"].observe(.milliseconds(100))
  wait["qwen"].observe(.seconds(16))
  overhead.observe(.microseconds(50))
  return registry
}

@Suite struct `The exposition` {
  @Test func `as text names, describes and lists every family in the order declared`() async {
    #expect(
      await usedRegistry().text() == """
        # HELP switcher_switches_total Switches by outcome.
        # TYPE switcher_switches_total counter
        switcher_switches_total{from="phi",to="qwen",outcome="success"} 1
        switcher_switches_total{from="phi",to="qwen",outcome="failed"} 2
        # HELP switcher_gpu_seconds_total Where GPU time goes.
        # TYPE switcher_gpu_seconds_total counter
        switcher_gpu_seconds_total{state="serving"} 1.5
        # HELP switcher_queue_depth Requests that wait.
        # TYPE switcher_queue_depth gauge
        switcher_queue_depth{model="qwen"} 3
        # HELP switcher_request_queue_wait_seconds Time in the queue.
        # TYPE switcher_request_queue_wait_seconds histogram
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="0.1"} 1
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="15.0"} 1
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="+Inf"} 2
        switcher_request_queue_wait_seconds_sum{model="qwen"} 16.1
        switcher_request_queue_wait_seconds_count{model="qwen"} 2
        # HELP switcher_proxy_overhead_seconds Our own cost.
        # TYPE switcher_proxy_overhead_seconds histogram
        switcher_proxy_overhead_seconds_bucket{le="5e-05"} 1
        switcher_proxy_overhead_seconds_bucket{le="+Inf"} 1
        switcher_proxy_overhead_seconds_sum 5e-05
        switcher_proxy_overhead_seconds_count 1

        """)
  }

  @Test func `as OpenMetrics differs in what describes the families and in its end`() async {
    #expect(
      await usedRegistry().text(as: .openMetrics) == """
        # HELP switcher_switches Switches by outcome.
        # TYPE switcher_switches counter
        switcher_switches_total{from="phi",to="qwen",outcome="success"} 1
        switcher_switches_total{from="phi",to="qwen",outcome="failed"} 2
        # HELP switcher_gpu_seconds Where GPU time goes.
        # TYPE switcher_gpu_seconds counter
        # UNIT switcher_gpu_seconds seconds
        switcher_gpu_seconds_total{state="serving"} 1.5
        # HELP switcher_queue_depth Requests that wait.
        # TYPE switcher_queue_depth gauge
        switcher_queue_depth{model="qwen"} 3
        # HELP switcher_request_queue_wait_seconds Time in the queue.
        # TYPE switcher_request_queue_wait_seconds histogram
        # UNIT switcher_request_queue_wait_seconds seconds
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="0.1"} 1
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="15.0"} 1
        switcher_request_queue_wait_seconds_bucket{model="qwen",le="+Inf"} 2
        switcher_request_queue_wait_seconds_sum{model="qwen"} 16.1
        switcher_request_queue_wait_seconds_count{model="qwen"} 2
        # HELP switcher_proxy_overhead_seconds Our own cost.
        # TYPE switcher_proxy_overhead_seconds histogram
        # UNIT switcher_proxy_overhead_seconds seconds
        switcher_proxy_overhead_seconds_bucket{le="5e-05"} 1
        switcher_proxy_overhead_seconds_bucket{le="+Inf"} 1
        switcher_proxy_overhead_seconds_sum 5e-05
        switcher_proxy_overhead_seconds_count 1
        # EOF

        """)
  }

  @Test func `of an empty registry is empty as text and only the end mark as OpenMetrics`() async {
    #expect(await Registry().text() == "")
    #expect(await Registry().text(as: .openMetrics) == "# EOF\n")
  }

  @Test(arguments: [
    ("plain", "plain"),
    ("", ""),
    (#"C:\models"#, #"C:\\models"#),
    (#"the "small" one"#, #"the \"small\" one"#),
    ("two\nlines", #"two\nlines"#),
    (#"\n"#, #"\\n"#),
    ("carriage\r\nreturn", "carriage\r\\nreturn"),
    ("größer ☃︎ é{}=,", "größer ☃︎ é{}=,"),
  ])
  func `a label value is escaped`(value: String, expected: String) async {
    let registry = Registry()
    let counter: Family<Counter, String> = registry.counter("c_total", help: "", labels: "label")
    counter.create(value)
    #expect(await registry.text().hasSuffix("c_total{label=\"\(expected)\"} 0\n"))
  }

  @Test func `a help text escapes its double quotes in OpenMetrics alone`() async {
    let registry = Registry()
    _ = registry.counter("c_total", help: "a \"b\" \\ c\nd")
    #expect(await registry.text().hasPrefix("# HELP c_total a \"b\" \\\\ c\\nd\n"))
    #expect(await registry.text(as: .openMetrics).hasPrefix("# HELP c a \\\"b\\\" \\\\ c\\nd\n"))
  }

  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"),
      (1_732_185_755.125, "1732185755.125"), (0x1p54 - 2, "18014398509481982"), (1e17, "1e+17"), (1e300, "1e+300"),
      (.leastNonzeroMagnitude, "5e-324"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ] as [(Double, String)])
  func `a number is written with the fewest digits that read back the same`(number: Double, expected: String) {
    #expect(number.expositionText == expected)
    if !number.isNaN { #expect(Double(expected.replacing("Inf", with: "infinity")) == number) }
  }
}
