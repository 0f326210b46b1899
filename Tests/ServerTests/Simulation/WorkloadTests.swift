import Core
import Testing

@testable import Server

struct WorkloadTests {
  @Test(arguments: GeneralSuite.names) func `a seed draws the same workload each time, another one another`(
    _ name: String
  ) throws {
    let first = try #require(GeneralSuite.workload(name, seed: 1))
    let again = try #require(GeneralSuite.workload(name, seed: 1))
    let other = try #require(GeneralSuite.workload(name, seed: 2))
    #expect(first.requests == again.requests && first.sessions == again.sessions)
    #expect(first.requests != other.requests || first.sessions != other.sessions)
  }

  @Test(arguments: GeneralSuite.names) func `every model of a general workload is asked for within its half hour`(
    _ name: String
  ) throws {
    let workload = try #require(GeneralSuite.workload(name, seed: 1))
    let models = workload.requests.map(\.model) + workload.sessions.flatMap { $0.turns.map(\.model) }
    #expect(Set(models) == Set(workload.models.indices))
    #expect(workload.requests.allSatisfy { $0.at >= .zero && $0.at < .seconds(1800) && $0.work > .zero })
  }

  @Test(arguments: GeneralSuite.names.filter { !$0.hasPrefix("chat") })
  func `a general workload offers its share of what the GPU could do`(_ name: String) throws {
    let share = name.hasPrefix("light") ? 0.1 : name.hasPrefix("overload") ? 1.2 : 0.5
    let seeds: [UInt64] = [1, 2, 3, 4, 5]
    let offered = try seeds.map { seed in
      let workload = try #require(GeneralSuite.workload(name, seed: seed))
      let capacity = Double(workload.slots) / (1 + workload.batchSlowdown * Double(workload.slots - 1))
      return workload.requests.reduce(0) { $0 + $1.work.seconds } / 1800 / capacity
    }
    let mean = offered.reduce(0, +) / Double(seeds.count)
    #expect(abs(mean / share - 1) < 0.2, "found \(mean), expected \(share)")
  }

  @Test func `no name stands for two workloads`() {
    #expect(Set(WorkloadCatalogue.names).count == WorkloadCatalogue.names.count)
    #expect(WorkloadCatalogue.names(for: "nonsense") == nil)
  }

  @Test func `random numbers are those that the generator's authors publish`() {
    var random = RandomSource(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
  }
}
