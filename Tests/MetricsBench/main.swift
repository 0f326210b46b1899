// Measures what metrics cost, and prints it: an observation, a scrape of 10,000 series, and how much longer observations
// take while somebody scrapes without a pause. Run by scripts/metrics-bench, in release mode.
internal import Metrics
internal import Synchronization

let registry = Registry()
let histograms: Family<Histogram, Int, Int> = registry.histogram(
  "bench_seconds", help: "Ten thousand series, nearly.", buckets: .switching, labels: "from", "to")
let counter = registry.counter("bench_total", help: "One counter.")
let children = (0..<475).map { histograms[$0 / 22, $0 % 22] }

/// The median of several runs, so that a busy moment of the machine does not count.
func median(of runs: Int, _ measure: () async -> Double) async -> Double {
  var results: [Double] = []
  for _ in 0..<runs { results.append(await measure()) }
  return results.sorted()[runs / 2]
}

/// The nanoseconds that one call takes, over a million of them.
func nanoseconds(_ call: (Int) -> Void) -> Double {
  let calls = 1_000_000
  let time = ContinuousClock().measure { for index in 0..<calls { call(index) } }
  return time / .nanoseconds(calls)
}

let observe = await median(of: 9) { nanoseconds { children[$0 % 475].observe(.milliseconds($0 % 30_000)) } }
let increment = await median(of: 9) { nanoseconds { _ in counter.increment() } }

let lines = await registry.render().count { $0 == UInt8(ascii: "\n") }
let render = await median(of: 51) {
  let start = ContinuousClock.now
  _ = await registry.render(as: .openMetrics)
  return (ContinuousClock.now - start) / .milliseconds(1)
}

let isOver = Atomic(false)
let scraper = Task.detached {
  while !isOver.load(ordering: .relaxed) { _ = await registry.render() }
}
let observeWhileScraped = await median(of: 9) {
  nanoseconds { children[$0 % 475].observe(.milliseconds($0 % 30_000)) }
}
isOver.store(true, ordering: .relaxed)
await scraper.value

print("observe: \(Int(observe.rounded())) ns, \(Int(observeWhileScraped.rounded())) ns while scraped without a pause")
print("increment: \(Int(increment.rounded())) ns")
print("scrape: \(Double(Int(render * 100)) / 100) ms for \(lines) lines")
