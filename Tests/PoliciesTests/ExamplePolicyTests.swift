import Core
import Foundation
import Testing

@testable import Policies

/// The worked example of docs/policies.md.
struct ExamplePolicyTests {
  private static let now = Instant.zero + .seconds(100)

  @Test(
    arguments: [
      (7, 10.0, .reconsider(at: now + .seconds(20), .notWorthIt)), (8, 10, .switchTo("a", .breakEven)),
      (1, 30, .switchTo("a", .stale)),
    ] as [(Int, Double, Decision)])
  func `it works`(_ waiting: Int, _ age: Double, _ expected: Decision) {
    let situation = Situation(
      now: Self.now, active: Situation.Active(model: "x", since: .zero, inFlight: 2),
      candidates: [
        Situation.Candidate(
          model: "a", waiting: waiting, oldestArrival: Self.now - .seconds(age), sumOfAges: .seconds(age))
      ],
      costs: SwitchCosts(), requestTimeout: .seconds(300))
    #expect(Batched(options: PolicyOptions()).decide(in: situation) == expected)
  }

  @Test func `the document quotes it as it is compiled`() throws {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    let document = try String(contentsOf: here.appending(path: "../../docs/policies.md"), encoding: .utf8)
    let source = try String(contentsOf: here.appending(path: "ExamplePolicy.swift"), encoding: .utf8)
    let start = try #require(source.range(of: "///")).lowerBound
    #expect(document.contains("```swift\ninternal import Core\n\n\(source[start...])```"))
  }
}
