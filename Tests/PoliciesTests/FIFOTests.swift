internal import Core
internal import Testing

@testable import Policies

struct FIFOTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    var minActive = 5.0
    /// How long the active model has been awake, in seconds; nil: none is.
    var awakeFor: Double?
    var inFlight = 0
    /// How long the oldest request has waited for each of the models a, b, … in seconds.
    let ages: [Double]
    let expected: Decision
  }

  static let now = Instant.zero + .seconds(1_000)

  static let cases = [
    Case(testDescription: "an empty GPU goes to the oldest", ages: [1, 3, 2], expected: .switchTo("b", .idle)),
    Case(testDescription: "of two as old, to the first", ages: [1, 3, 3], expected: .switchTo("b", .idle)),
    Case(
      testDescription: "just woken, it stays", awakeFor: 0, ages: [9],
      expected: .reconsider(at: now + .seconds(5), .cooldown)),
    Case(
      testDescription: "almost long enough, it stays", awakeFor: 4.5, ages: [1],
      expected: .reconsider(at: now + .milliseconds(500), .cooldown)),
    Case(testDescription: "long enough, it goes", awakeFor: 5, ages: [1, 2], expected: .switchTo("b", .oldest)),
    Case(testDescription: "busy or not", awakeFor: 6, inFlight: 9, ages: [1], expected: .switchTo("a", .oldest)),
    Case(
      testDescription: "with no least time, at once", minActive: 0, awakeFor: 0, ages: [0],
      expected: .switchTo("a", .oldest)),
    Case(testDescription: "nobody waits", awakeFor: 9, ages: [], expected: .stay(.exhausted)),
  ]

  @Test(arguments: cases) func `it serves whoever came first`(_ example: Case) {
    let names: [ModelID] = ["a", "b", "c"]
    let situation = Situation(
      now: Self.now,
      active: example.awakeFor.map {
        Situation.Active(model: "x", since: Self.now - .seconds($0), inFlight: example.inFlight)
      },
      candidates: zip(names, example.ages).map { name, age in
        Situation.Candidate(model: name, waiting: 1, oldestArrival: Self.now - .seconds(age), sumOfAges: .seconds(age))
      },
      costs: SwitchCosts(), requestTimeout: .seconds(300))
    let policy = FIFO(options: PolicyOptions(["min_active_secs": example.minActive]))
    #expect(policy.decide(in: situation) == example.expected)
  }

  @Test func `a model stays five seconds where nothing else is configured`() {
    #expect(PolicyOptions().duration(FIFO.minActive) == .seconds(5))
  }

  @Test func `it drains all who were queued, however long that takes`() {
    #expect(FIFO(options: PolicyOptions()).drainCap == nil)
  }
}
