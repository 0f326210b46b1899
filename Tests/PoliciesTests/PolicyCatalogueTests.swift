internal import Testing

@testable import Policies

struct PolicyCatalogueTests {
  @Test(arguments: PolicyCatalogue.all.map { $0.name }) func `each policy is found by its name`(_ name: String) {
    #expect(PolicyCatalogue.policy(named: name)?.name == name)
  }

  @Test func `names and options are unique, and defaults within their ranges`() {
    #expect(Set(PolicyCatalogue.names).count == PolicyCatalogue.all.count)
    for policy in PolicyCatalogue.all {
      #expect(Set(policy.options.map(\.name)).count == policy.options.count)
      for option in policy.options {
        #expect(option.defaultValue.map(option.range.contains) ?? true, "\(policy.name).\(option.name)")
      }
    }
  }

  @Test func `a policy that does not exist is a fault that names those that do`() {
    let faults = PolicyCatalogue.faults(policy: "lifo", options: [:])
    #expect(faults.count == 1)
    #expect(faults.first?.option == nil)
    #expect(faults.first?.message.contains("\"lifo\"") == true)
    #expect(PolicyCatalogue.names.allSatisfy { faults.first?.message.contains($0) == true })
  }

  @Test func `options within their ranges are no faults`() {
    #expect(PolicyCatalogue.faults(policy: "fifo", options: [:]) == [])
    #expect(PolicyCatalogue.faults(policy: "fifo", options: ["min_active_secs": 0]) == [])
    #expect(PolicyCatalogue.faults(policy: "fifo", options: ["min_active_secs": 86_400]) == [])
  }

  @Test(arguments: [-1, 86_401, .infinity, .nan]) func `an option out of its range tells the range`(_ value: Double) {
    let faults = PolicyCatalogue.faults(policy: "fifo", options: ["min_active_secs": value])
    #expect(faults.map(\.option) == ["min_active_secs"])
    #expect(faults.first?.message == "found \(value), expected 0.0 to 86400.0")
  }

  @Test func `every fault is told, in the order of the options' names`() {
    let faults = PolicyCatalogue.faults(policy: "fifo", options: ["zeal": 1, "min_active_secs": -1, "ardour": 2])
    #expect(faults.map(\.option) == ["ardour", "min_active_secs", "zeal"])
    #expect(faults.last?.message.contains("min_active_secs") == true)
  }

  @Test func `an option's value is the one given, else the default, in the unit that its name tells`() {
    let seconds = PolicyOption("a_secs", default: 2, "")
    let milliseconds = PolicyOption("b_ms", default: nil, "")
    let options = PolicyOptions(["b_ms": 250])
    #expect(options.number(seconds) == 2)
    #expect(options.duration(seconds) == .seconds(2))
    #expect(options.duration(milliseconds) == .milliseconds(250))
    #expect(PolicyOptions().duration(milliseconds) == .zero)
  }
}
