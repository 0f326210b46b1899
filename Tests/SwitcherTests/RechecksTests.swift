internal import Core
internal import Testing

@testable import Switcher

struct RechecksTests {
  private func rechecks(_ milliseconds: [Int]) -> Rechecks {
    var rechecks = Rechecks()
    for instant in milliseconds { rechecks.add(.zero + .milliseconds(instant)) }
    return rechecks
  }

  private func occasions(_ rechecks: Rechecks) -> [Duration] { rechecks.occasions.reversed().map { $0 - .zero } }

  @Test(
    arguments: [
      ([30, 10, 20], [10, 20, 30]), ([10, 10], [10]), ([10, 19], [10]), ([19, 10], [10]), ([10, 20], [10, 20]),
      ([10, 28, 19], [10, 28]), ([10, 35, 28, 45, 20], [10, 20, 45]), ([15, 24, 33, 8], [8, 33]),
    ])
  func `what is named stays, the earliest of those that are too close to each other`(
    _ named: [Int], _ kept: [Int]
  ) {
    #expect(occasions(rechecks(named)) == kept.map { .milliseconds($0) })
  }

  @Test func `of too many the earliest stay`() {
    let named = (0..<100).map { $0 * 37 % 100 * 10 }
    #expect(occasions(rechecks(named)) == (0..<Rechecks.limit).map { .milliseconds($0 * 10) })
  }

  @Test func `an occasion comes no later than what was named since the one before, and they keep their distance`() {
    var random = SplitMix64(seed: 1)
    var rechecks = Rechecks()
    var named = Instant.distantFuture
    for millisecond in 0..<2000 {
      let now = Instant.zero + .milliseconds(millisecond)
      if let next = rechecks.next, next <= now { named = .distantFuture }
      rechecks.pass(now)
      let instant = now + .milliseconds(Int.random(in: 1...1000, using: &random))
      rechecks.add(instant)
      named = min(named, instant)
      #expect(rechecks.next ?? .distantFuture <= named)
      #expect(rechecks.occasions.count <= Rechecks.limit)
      #expect(zip(rechecks.occasions, rechecks.occasions.dropFirst()).allSatisfy { $0 - $1 >= Rechecks.spacing })
    }
  }

  @Test func `an occasion that has come is forgotten, and only the last answer's own is due`() {
    var rechecks = rechecks([10, 50, 30])
    rechecks.pass(.zero + .milliseconds(10))
    #expect(occasions(rechecks) == [.milliseconds(30), .milliseconds(50)])
    #expect(!rechecks.isDue(at: .zero + .milliseconds(29)))
    #expect(rechecks.isDue(at: .zero + .milliseconds(30)))
    rechecks.removeAll()
    #expect(rechecks.next == nil)
    #expect(!rechecks.isDue(at: .zero + .milliseconds(50)))
  }
}
