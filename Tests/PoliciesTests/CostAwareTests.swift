import Core
import Testing

@testable import Policies

/// The rule against numbers computed by hand. Unless a case says otherwise a switch is believed to cost ten seconds and an
/// answer one, requests wait five minutes at the most, and so nobody may wait longer than 120 s for the GPU.
struct CostAwareTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var options: [String: Double] = [:]
    /// What every switch was found to cost, in seconds; nil: none was made yet.
    var cost: Double?
    var requestTimeout = 300.0
    var active: Active? = Active()
    /// The queues of the models a, b, …
    var queues: [Queue] = [Queue(age: 1)]
    let expected: Decision
  }

  /// The awake model; times in seconds before now.
  struct Active {
    var awakeFor = 50.0
    var inFlight = 0
    var waiting = 0
    var age = 0.0
    var lastArrival: Double?
    var rate = 0.0
    var costPaid = 0.0
  }

  /// A queue; its first request is as old as that, and so are all others.
  struct Queue {
    let age: Double
    var waiting = 1
    var leftAgo: Double?
  }

  static let now = Instant.zero + .seconds(1_000)

  static func later(_ seconds: Double) -> Instant { now + .seconds(seconds) }

  static let cases = [
    Case(
      testDescription: "an empty GPU goes to the oldest", active: nil, queues: [Queue(age: 1), Queue(age: 2)],
      expected: .switchTo("b", .idle)),
    Case(testDescription: "nobody waits", queues: [], expected: .stay(.exhausted)),
    Case(
      testDescription: "just woken, it stays its least time", active: Active(awakeFor: 2), queues: [Queue(age: 999)],
      expected: .reconsider(at: later(3), .cooldown)),
    Case(
      testDescription: "requests may gather first", options: ["coalesce_window_ms": 2500],
      expected: .reconsider(at: later(1.5), .cooldown)),
    Case(testDescription: "a model that nobody asks for is left at once", expected: .switchTo("a", .breakEven)),
    // V = 10 + 1 + 10, and half of ½ · 1 · 21² is 110; the other has 1 + 10.
    Case(
      testDescription: "a busy one is not left for one request", active: Active(lastArrival: 0.5, rate: 1),
      expected: .reconsider(at: later(1), .notWorthIt)),
    Case(
      testDescription: "but for ten who have waited", active: Active(lastArrival: 0.5, rate: 1),
      queues: [Queue(age: 1.1, waiting: 10)], expected: .switchTo("a", .breakEven)),
    // λ is one in a hundred seconds, however often it was asked for before.
    Case(
      testDescription: "its silence tells that it is not so busy any more", active: Active(lastArrival: 100, rate: 1),
      expected: .switchTo("a", .breakEven)),
    // V = 1 + 21, and 4 · ½ · 0.01 · 22² is 9.68; the other has 1 + 11.
    Case(
      testDescription: "with somebody in flight, leaving counts eight times",
      active: Active(inFlight: 1, lastArrival: 1, rate: 0.01), expected: .switchTo("a", .breakEven)),
    Case(
      testDescription: "eight times too much", active: Active(inFlight: 1, lastArrival: 1, rate: 0.02),
      expected: .reconsider(at: later(1), .notWorthIt)),
    Case(
      testDescription: "a higher factor makes it stay, and look again when the balance may have tipped",
      options: ["amortization_factor": 5], active: Active(lastArrival: 100, rate: 1),
      expected: .reconsider(at: later(0.05), .notWorthIt)),
    Case(
      testDescription: "a lower one makes it leave", options: ["amortization_factor": 0.04],
      active: Active(lastArrival: 0.5, rate: 1), expected: .switchTo("a", .breakEven)),
    // V = 10 + 40 + 10 rather than 10 + 3 + 10: half of ½ · 0.4 · 60² is 360 rather than 53, and the others have 40 · 11.
    Case(
      testDescription: "a long queue served one by one still tips the balance", options: ["slots": 1],
      active: Active(lastArrival: 0.5, rate: 0.4), queues: [Queue(age: 1, waiting: 40)],
      expected: .switchTo("a", .breakEven)),
    Case(
      testDescription: "what it cost to come must be worth it while somebody is in flight",
      active: Active(awakeFor: 30, inFlight: 1, costPaid: 60), expected: .reconsider(at: later(0.05), .notWorthIt)),
    Case(
      testDescription: "not when it is idle", active: Active(awakeFor: 30, costPaid: 60),
      expected: .switchTo("a", .breakEven)),
    Case(
      testDescription: "who is stale beats who would be worth more",
      active: Active(inFlight: 1, lastArrival: 0, rate: 9), queues: [Queue(age: 1, waiting: 50), Queue(age: 120)],
      expected: .switchTo("b", .stale)),
    Case(
      testDescription: "of two, who is so by more", active: Active(inFlight: 1),
      queues: [Queue(age: 121), Queue(age: 122)], expected: .switchTo("b", .stale)),
    Case(
      testDescription: "even he waits until the switch here has paid off",
      active: Active(awakeFor: 30, inFlight: 1, waiting: 1, costPaid: 60), queues: [Queue(age: 121)],
      expected: .reconsider(at: later(30), .backlog)),
    Case(
      testDescription: "a model that was just awake is not stale, however old its first request is",
      active: Active(inFlight: 1, waiting: 1, age: 400), queues: [Queue(age: 500, leftAgo: 10)],
      expected: .reconsider(at: later(110), .backlog)),
    Case(
      testDescription: "a limit may be set", options: ["max_wait_secs": 15], active: Active(inFlight: 1, waiting: 1),
      queues: [Queue(age: 15)], expected: .switchTo("a", .stale)),
    Case(
      testDescription: "it is half of the time-out at the most", requestTimeout: 60,
      active: Active(inFlight: 1, waiting: 1), queues: [Queue(age: 29)], expected: .reconsider(at: later(1), .backlog)),
    Case(
      testDescription: "and a minute where switches are cheap", cost: 1,
      active: Active(inFlight: 1, waiting: 1, age: 45), queues: [Queue(age: 50)],
      expected: .reconsider(at: later(10), .backlog)),
    Case(
      testDescription: "its own queue waits for one that is older by eight round trips", cost: 1,
      active: Active(inFlight: 1, waiting: 1, age: 34), queues: [Queue(age: 50)], expected: .switchTo("a", .oldest)),
  ]

  @Test(arguments: cases) func `it leaves when that saves more waiting than it causes`(_ example: Case) {
    #expect(CostAware(options: PolicyOptions(example.options)).decide(in: Self.situation(example)) == example.expected)
  }

  private static func situation(_ example: Case) -> Situation {
    let names: [ModelID] = ["a", "b", "c"]
    var costs = SwitchCosts()
    if let cost = example.cost {
      for from in ["x"] + names {
        for to in ["x"] + names where from != to { costs.record(.seconds(cost), from: from, to: to) }
      }
    }
    return Situation(
      now: now,
      active: example.active.map { active in
        Situation.Active(
          model: "x", since: now - .seconds(active.awakeFor), inFlight: active.inFlight, waiting: active.waiting,
          oldestArrival: active.waiting > 0 ? now - .seconds(active.age) : nil,
          lastArrival: active.lastArrival.map { now - .seconds($0) }, arrivalRate: active.rate,
          costPaid: .seconds(active.costPaid))
      },
      candidates: zip(names, example.queues).map { name, queue in
        Situation.Candidate(
          model: name, waiting: queue.waiting, oldestArrival: now - .seconds(queue.age),
          sumOfAges: .seconds(queue.age * Double(queue.waiting)), lastLeft: queue.leftAgo.map { now - .seconds($0) })
      },
      costs: costs, requestTimeout: .seconds(example.requestTimeout))
  }

  @Test func `it drains those who were queued for a minute at the most`() {
    #expect(CostAware(options: PolicyOptions()).drainCap == .seconds(60))
  }
}
