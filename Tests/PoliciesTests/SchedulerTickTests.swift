import Core
import Testing

@testable import Policies

struct SchedulerTickTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var interval = 500.0
    /// How long the active model has been awake, in seconds; nil: none is.
    var awakeFor: Double? = 50
    var inFlight = 0
    var waiting = 0
    var isRecheck = true
    /// The queues of the models a, b, …: how old the first request is, in seconds, and how many there are.
    let queues: [(age: Double, waiting: Int)]
    let expected: Decision
  }

  /// A fifth of a second past a tick.
  static let now = Instant.zero + .milliseconds(1_000_200)
  static let nextTick = Instant.zero + .milliseconds(1_000_500)

  static let cases = [
    Case(
      testDescription: "an empty GPU goes to the longest queue at once", awakeFor: nil, isRecheck: false,
      queues: [(9, 1), (1, 2)], expected: .switchTo("b", .idle)),
    Case(
      testDescription: "of two as long, to the first", awakeFor: nil, queues: [(1, 2), (9, 2)],
      expected: .switchTo("a", .idle)),
    Case(testDescription: "nobody waits", queues: [], expected: .stay(.exhausted)),
    Case(
      testDescription: "just woken, it stays", awakeFor: 4, queues: [(99, 1)],
      expected: .reconsider(at: now + .seconds(1), .cooldown)),
    Case(
      testDescription: "between the ticks it does not look", isRecheck: false, queues: [(99, 1)],
      expected: .reconsider(at: nextTick, .tick)),
    Case(
      testDescription: "with nothing left to do it goes to the longest queue", queues: [(9, 1), (1, 2)],
      expected: .switchTo("b", .exhausted)),
    Case(
      testDescription: "with somebody in flight it stays", inFlight: 1, queues: [(14, 9)],
      expected: .reconsider(at: nextTick, .backlog)),
    Case(
      testDescription: "with somebody queued too", waiting: 1, queues: [(14, 9)],
      expected: .reconsider(at: nextTick, .backlog)),
    Case(
      testDescription: "until somebody has waited too long", inFlight: 1, waiting: 1, queues: [(1, 9), (15, 1)],
      expected: .switchTo("b", .stale)),
    Case(
      testDescription: "without ticks it looks after every event", interval: 0, isRecheck: false, queues: [(1, 1)],
      expected: .switchTo("a", .exhausted)),
    Case(
      testDescription: "and again when somebody will have waited too long", interval: 0, inFlight: 1, isRecheck: false,
      queues: [(10, 1)], expected: .reconsider(at: now + .seconds(5), .backlog)),
  ]

  @Test(arguments: cases) func `it drains first`(_ example: Case) {
    let names: [ModelID] = ["a", "b", "c"]
    let situation = Situation(
      now: Self.now,
      active: example.awakeFor.map {
        Situation.Active(
          model: "x", since: Self.now - .seconds($0), inFlight: example.inFlight, waiting: example.waiting)
      },
      candidates: zip(names, example.queues).map { name, queue in
        Situation.Candidate(
          model: name, waiting: queue.waiting, oldestArrival: Self.now - .seconds(queue.age),
          sumOfAges: .seconds(queue.age))
      },
      costs: SwitchCosts(), requestTimeout: .seconds(300), isRecheck: example.isRecheck)
    let policy = SchedulerTick(options: PolicyOptions(["tick_interval_ms": example.interval]))
    #expect(policy.decide(in: situation) == example.expected)
  }
}
