import Core
import Testing

@testable import Backends

struct LineRateTests {
  @Test func `of a flood some lines a second are let through, and the next second tells how many were not`() {
    var rate = LineRate()
    let flood = Array(repeating: "line", count: LineRate.linesPerSecond)
    #expect(rate.admit(flood, at: .zero) == flood)
    #expect(rate.admit(["a", "b", "c"], at: .zero + .milliseconds(999)) == [])
    let later = rate.admit(["calm"], at: .zero + .seconds(1))
    #expect(later == ["(3 lines left out: more than 500 a second)", "calm"])
    #expect(rate.admit(["calm"], at: .zero + .seconds(2)) == ["calm"])
  }
}
