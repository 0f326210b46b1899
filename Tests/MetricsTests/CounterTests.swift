import Testing

@testable import Metrics

@Suite struct `A counter` {
  @Test func `counts by one unless told otherwise`() async {
    let registry = Registry()
    let counter = registry.counter("c_total", help: "")
    counter.increment()
    counter.increment(by: 41)
    #expect(await registry.samples() == ["c_total 42"])
  }

  @Test func `loses nothing to threads that count at once`() async {
    let registry = Registry()
    let counter = registry.counter("c_total", help: "")
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<5_000 { counter.increment() }
        }
      }
    }
    #expect(await registry.samples() == ["c_total 40000"])
  }

  @Test func `of seconds sums short times without loss`() async {
    let registry = Registry()
    let seconds: Family<SecondsCounter, String> = registry.secondsCounter("s_seconds_total", help: "", labels: "state")
    let idle = seconds["idle"]
    for _ in 0..<10_000 { idle.add(.microseconds(100)) }
    idle.add(.nanoseconds(1))
    #expect(await registry.samples() == ["s_seconds_total{state=\"idle\"} 1.000000001"])
  }
}
