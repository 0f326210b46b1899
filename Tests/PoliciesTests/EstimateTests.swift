internal import Core
internal import Testing

@testable import Policies

/// The estimates against numbers computed by hand.
struct EstimateTests {
  @Test func `a switch that was never made costs the prior`() {
    #expect(SwitchCosts().cost(from: "a", to: "b") == .seconds(10))
    #expect(SwitchCosts(prior: .seconds(3)).cost(from: nil, to: "b") == .seconds(3))
    #expect(SwitchCosts().measured.isEmpty)
  }

  @Test func `the first measurement replaces the prior, each later one counts three tenths`() {
    var costs = SwitchCosts()
    costs.record(.seconds(4), from: "a", to: "b")
    #expect(costs.cost(from: "a", to: "b") == .seconds(4))
    costs.record(.seconds(14), from: "a", to: "b")
    #expect(costs.cost(from: "a", to: "b") == .seconds(7))
    costs.record(.seconds(7), from: "a", to: "b")
    #expect(costs.cost(from: "a", to: "b") == .seconds(7))
  }

  @Test func `a pair's cost says nothing of the way back, nor of a wake onto an empty GPU`() {
    var costs = SwitchCosts()
    costs.record(.seconds(2), from: "a", to: "b")
    costs.record(.seconds(40), from: nil, to: "b")
    #expect(costs.cost(from: "b", to: "a") == .seconds(10))
    #expect(costs.cost(from: "a", to: "b") == .seconds(2))
    #expect(costs.cost(from: nil, to: "b") == .seconds(40))
    #expect(Set(costs.measured.map(\.cost)) == [.seconds(2), .seconds(40)])
  }

  @Test func `a measurement counts for five minutes at the most`() {
    var costs = SwitchCosts()
    costs.record(.seconds(1_800), from: "a", to: "b")
    #expect(costs.cost(from: "a", to: "b") == .seconds(300))
  }

  @Test func `the service time is a second at first, then the first one measured, then moves by tenths`() {
    var service = ServiceTime()
    #expect(service.average == .seconds(1))
    service.record(.seconds(2))
    #expect(service.average == .seconds(2))
    service.record(.seconds(12))
    #expect(service.average == .seconds(3))
  }

  @Test func `nobody who never came comes at a rate of zero`() {
    let rate = ArrivalRate(start: .zero)
    #expect(rate.perSecond(at: .zero) == 0)
    #expect(rate.perSecond(at: .zero + .seconds(1_000)) == 0)
    #expect(rate.lastArrival == nil)
  }

  @Test func `arrivals are forgotten with a time constant of two minutes`() {
    var rate = ArrivalRate(start: .zero)
    rate.record(at: .zero)
    // 1 / (120 (1 - exp(-5/120)))
    #expect(isClose(rate.perSecond(at: .zero), 0.204196))
    // exp(-1) / (120 (1 - exp(-125/120)))
    #expect(isClose(rate.perSecond(at: .zero + .seconds(120)), 0.004737))
    rate.record(at: .zero + .seconds(60))
    // (exp(-1/2) + 1) / (120 (1 - exp(-65/120)))
    #expect(isClose(rate.perSecond(at: .zero + .seconds(60)), 0.032011))
    #expect(rate.lastArrival == .zero + .seconds(60))
  }

  @Test func `steady arrivals are found at their own rate`() {
    var rate = ArrivalRate(start: .zero)
    for tenth in 0...12_000 { rate.record(at: .zero + .milliseconds(100 * tenth)) }
    #expect(abs(rate.perSecond(at: .zero + .seconds(1_200)) - 10) < 0.01)
  }

  private func isClose(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) < 0.000_001 }
}
