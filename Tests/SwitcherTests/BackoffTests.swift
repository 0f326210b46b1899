internal import Core
internal import Testing

@testable import Switcher

struct BackoffTests {
  private let start = Instant.zero

  @Test func `failed wakes are answered with two seconds, doubling to a minute`() {
    var backoff = Backoff()
    let waits = (0..<100).map { _ in
      backoff.wakeFailed(at: start, message: "")
      return backoff.remaining(at: start)
    }
    let expected = [2, 4, 8, 16, 32].map { Duration.seconds($0) } + Array(repeating: .seconds(60), count: 95)
    #expect(waits == expected)
  }

  @Test func `the first death is forgiven, the next ones are answered like failed wakes`() {
    var backoff = Backoff()
    let waits = (0..<4).map { _ in
      backoff.died(at: start, afterLife: .seconds(1), message: "")
      return backoff.remaining(at: start)
    }
    #expect(waits == [nil, .seconds(2), .seconds(4), .seconds(8)])
  }

  @Test func `a server that lived for ten seconds starts afresh`() {
    var backoff = Backoff()
    for _ in 0..<5 { backoff.died(at: start, afterLife: .milliseconds(9_999), message: "") }
    backoff.wakeSucceeded()
    backoff.died(at: start, afterLife: .seconds(10), message: "")
    #expect(backoff.remaining(at: start) == nil)
    #expect(backoff.failures == 1)
  }

  @Test func `a wake ends the wait and keeps the count, an orderly sleep forgets both`() {
    var backoff = Backoff()
    backoff.wakeFailed(at: start, message: "out of memory")
    #expect(backoff.message == "out of memory")
    backoff.wakeSucceeded()
    #expect(backoff.remaining(at: start) == nil)
    #expect(backoff.failures == 1)
    backoff.reset()
    #expect(backoff.failures == 0)
  }

  @Test func `a wait that is over leaves no instant behind`() {
    var backoff = Backoff()
    backoff.wakeFailed(at: start, message: "")
    let end = start + .seconds(2)
    backoff.expire(at: end - .milliseconds(1))
    #expect(backoff.until == end)
    backoff.expire(at: end)
    #expect(backoff.until == nil)
    #expect(backoff.failures == 1)
  }
}
