internal import Core
internal import Testing

@testable import Switcher

struct CircuitBreakerTests {
  private let start = Instant.zero

  @Test func `failed wakes are answered with two seconds, doubling to a minute`() {
    var breaker = CircuitBreaker()
    let waits = (0..<100).map { _ in
      breaker.wakeFailed(at: start, message: "")
      return breaker.remaining(at: start)
    }
    let expected = [2, 4, 8, 16, 32].map { Duration.seconds($0) } + Array(repeating: .seconds(60), count: 95)
    #expect(waits == expected)
  }

  @Test func `the first death is forgiven, the next ones are answered like as many failed wakes`() {
    var breaker = CircuitBreaker()
    let waits = (0..<4).map { _ in
      breaker.died(at: start, afterLife: .seconds(1), message: "")
      return breaker.remaining(at: start)
    }
    #expect(waits == [nil, .seconds(4), .seconds(8), .seconds(16)])
  }

  @Test func `a server that lived for ten seconds starts afresh`() {
    var breaker = CircuitBreaker()
    for _ in 0..<5 { breaker.died(at: start, afterLife: .milliseconds(9_999), message: "") }
    breaker.wakeSucceeded()
    breaker.died(at: start, afterLife: .seconds(10), message: "")
    #expect(breaker.remaining(at: start) == nil)
    #expect(breaker.failures == 1)
  }

  @Test func `a wake ends the wait and keeps the count, an orderly sleep forgets both`() {
    var breaker = CircuitBreaker()
    breaker.wakeFailed(at: start, message: "out of memory")
    #expect(breaker.message == "out of memory")
    breaker.wakeSucceeded()
    #expect(breaker.remaining(at: start) == nil)
    #expect(breaker.failures == 1)
    breaker.reset()
    #expect(breaker.failures == 0)
  }

  @Test func `a wait that is over leaves no instant behind`() {
    var breaker = CircuitBreaker()
    breaker.wakeFailed(at: start, message: "")
    let end = start + .seconds(2)
    breaker.expire(at: end - .milliseconds(1))
    #expect(breaker.until == end)
    breaker.expire(at: end)
    #expect(breaker.until == nil)
    #expect(breaker.failures == 1)
  }

  @Test func `it opens at so many failures in a row, half after each wait, and closes when a wake succeeds`() {
    var breaker = CircuitBreaker()
    var states: [BreakerState] = []
    for _ in 0..<3 {
      states.append(breaker.state(at: start, threshold: 3))
      breaker.wakeFailed(at: start, message: "")
    }
    states.append(breaker.state(at: start, threshold: 3))
    states.append(breaker.state(at: start + .seconds(8), threshold: 3))
    breaker.wakeSucceeded()
    states.append(breaker.state(at: start + .seconds(8), threshold: 3))
    #expect(states == [.closed, .closed, .closed, .open, .halfOpen, .closed])
  }

  @Test(arguments: [true, false])
  func `a model that crashes at every start is started five times in the first minute at the most`(_ getsUp: Bool) {
    var breaker = CircuitBreaker()
    var now = start
    var starts = 0
    while now < start + .seconds(60) {
      starts += 1
      if getsUp {
        breaker.wakeSucceeded()
        breaker.died(at: now, afterLife: .zero, message: "")
      } else {
        breaker.wakeFailed(at: now, message: "")
      }
      now = now + (breaker.remaining(at: now) ?? .zero)
    }
    #expect(starts == 5)
  }
}
