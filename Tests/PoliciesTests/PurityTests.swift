import Core
import Testing

@testable import Policies

struct PurityTests {
  @Test(arguments: PolicyCatalogue.names) func `the same situation always gets the same answer`(_ name: String) throws {
    let policy = try #require(PolicyCatalogue.policy(named: name)).init(options: PolicyOptions())
    let forwards = Self.situations.map(policy.decide)
    let backwards = Self.situations.reversed().map(policy.decide)
    #expect(forwards == backwards.reversed())
  }

  @Test(arguments: PolicyCatalogue.names) func `no answer names a time that is past or a model that nobody waits for`(
    _ name: String
  ) throws {
    let policy = try #require(PolicyCatalogue.policy(named: name)).init(options: PolicyOptions())
    for situation in Self.situations {
      switch policy.decide(in: situation) {
      case .stay: break
      case .reconsider(let instant, _): #expect(instant > situation.now)
      case .switchTo(let model, _): #expect(situation.candidates.contains { $0.model == model })
      }
    }
  }

  /// Some of everything, so that each rule of each policy has its turn.
  private static let situations: [Situation] = {
    let now = Instant.zero + .seconds(10_000)
    var situations: [Situation] = []
    for age in [0.1, 10, 200] {
      for awakeFor in [1.0, 20, 400] {
        for inFlight in [0, 3] {
          for waiting in [0, 5] {
            situations.append(
              Situation(
                now: now,
                active: Situation.Active(
                  model: "x", since: now - .seconds(awakeFor), inFlight: inFlight, waiting: waiting,
                  oldestArrival: waiting > 0 ? now - .seconds(0.5) : nil, lastArrival: now - .seconds(0.5),
                  arrivalRate: 0.3, costPaid: .seconds(30)),
                candidates: [
                  Situation.Candidate(
                    model: "a", waiting: 2, oldestArrival: now - .seconds(age), sumOfAges: .seconds(2 * age)),
                  Situation.Candidate(
                    model: "b", waiting: 1, oldestArrival: now - .seconds(1), sumOfAges: .seconds(1)),
                ],
                costs: SwitchCosts(), requestTimeout: .seconds(300), isRecheck: situations.count.isMultiple(of: 2)))
          }
        }
      }
    }
    return situations
  }()
}
