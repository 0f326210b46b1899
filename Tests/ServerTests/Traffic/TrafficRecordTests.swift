import Core
import Testing

@testable import Server

struct TrafficRecordTests {
  private func instant(_ seconds: Double) -> Instant { .zero + .seconds(seconds) }

  @Test func `a model that nobody has asked for has no idle time and no mean`() {
    let record = TrafficRecord()
    #expect(record.idleTime(at: instant(100)) == nil)
    #expect(record.meanResponseTime == nil)
    #expect(record.rate(over: .seconds(60), at: instant(100)) == 0)
  }

  @Test func `idle time counts from the end of the last request and stands still during one`() {
    var record = TrafficRecord()
    record.began(at: instant(10))
    #expect(record.idleTime(at: instant(500)) == .zero)
    record.began(at: instant(20))
    record.ended(true, begunAt: instant(10), at: instant(30))
    #expect(record.idleTime(at: instant(500)) == .zero)
    record.ended(true, begunAt: instant(20), at: instant(600))
    #expect(record.idleTime(at: instant(660)) == .seconds(60))
  }

  @Test func `those that failed are counted, and left out of the mean response time`() {
    var record = TrafficRecord()
    for (isSuccess, seconds) in [(true, 1.0), (false, 90), (true, 3)] {
      record.began(at: instant(0))
      record.ended(isSuccess, begunAt: instant(0), at: instant(seconds))
    }
    #expect(record.total == 3)
    #expect(record.succeeded == 2)
    #expect(record.failed == 1)
    #expect(record.meanResponseTime == .seconds(2))
  }

  @Test(arguments: [(60, 60.9, 4.0 / 60), (10, 60.9, 0.3), (1, 60.9, 1.0), (60, 71.0, 3.0 / 60), (60, 121.0, 0.0)])
  func `the rate is that of the window`(_ window: Int, _ now: Double, _ rate: Double) {
    var record = TrafficRecord()
    for second in [10.0, 55, 59.5, 60.5] { record.began(at: instant(second)) }
    #expect(record.rate(over: .seconds(window), at: instant(now)) == rate)
  }

  @Test func `seconds that have passed out of the ring are not counted again`() {
    var window = TrafficWindow()
    window.arrived(at: instant(5))
    window.arrived(at: instant(3605))
    #expect(window.rate(over: TrafficWindow.longest, at: instant(3605)) == 1.0 / 3600)
    #expect(window.rate(over: .seconds(60), at: instant(3605)) == 1.0 / 60)
  }
}
