import Testing

@testable import Server

struct SimulationOptionsTests {
  private func options(_ line: String) throws -> SimulationOptions {
    let words = ["simulate"] + line.split(separator: " ").map(String.init)
    guard case .simulate(let options) = try Command(parsing: words, environment: [:]) else {
      throw UsageError("not simulated")
    }
    return options
  }

  @Test func `policies bear options, and a sweep multiplies those that read its option`() throws {
    let line = "--policies fifo,scheduler_tick:tick_interval_ms=0,exhaustive --sweep max_wait_secs=5,15"
    #expect(
      try options(line).policies.map(\.label) == [
        "fifo", "scheduler_tick:tick_interval_ms=0:max_wait_secs=5",
        "scheduler_tick:tick_interval_ms=0:max_wait_secs=15", "exhaustive",
      ])
  }

  @Test func `the three policies run over llmux's profiles where nothing else is asked for`() throws {
    let options = try options("")
    #expect(options.policies.map(\.label) == ["fifo", "cost_aware", "scheduler_tick"])
    #expect(options.source == .builtIn(LlmuxProfiles.names))
    #expect(options.switchCosts == [10])
  }

  @Test func `a name stands for one workload, a group, or all`() throws {
    #expect(try options("--workload surge,chat_2").source == .builtIn(["surge", "chat_2"]))
    #expect(try options("--workload all").source == .builtIn(LlmuxProfiles.names + GeneralSuite.names))
    #expect(try options("--trace a.jsonl --seed 7 --json").source == .file("a.jsonl"))
  }

  @Test(
    arguments: [
      ("--policies lifo", #"--policies: found "lifo", expected fifo, cost_aware, scheduler_tick, exhaustive"#),
      ("--policies fifo:min_active_secs", #"found "min_active_secs", expected OPTION=NUMBER"#),
      ("--policies fifo:min_active_secs=x", #"found "min_active_secs=x", expected OPTION=NUMBER"#),
      ("--policies fifo:min_active_secs=-1", "min_active_secs: found -1.0, expected 0.0 to 86400.0"),
      ("--policies fifo:zeal=1", "zeal: no policy has this option"),
      ("--sweep max_wait_secs", #"--sweep: found "max_wait_secs", expected OPTION=A,B,C"#),
      ("--sweep max_wait_secs=1,x", #"--sweep: max_wait_secs: found "x", expected a number"#),
      ("--sweep max_wait_secs=0", "max_wait_secs: found 0.0, expected 0.1 to 86400.0"),
      ("--policies fifo --sweep max_wait_secs=1", #"none of the policies reads the option "max_wait_secs""#),
      ("--workload nonsense", #"--workload: found "nonsense", expected llmux, general, all, balanced"#),
      ("--workload surge --trace x.json", "--workload and --trace exclude each other"),
      ("--switch-cost fast", #"--switch-cost: found "fast", expected seconds from 0 to 86400"#),
      ("--switch-cost -1", #"--switch-cost: found "-1", expected seconds from 0 to 86400"#),
      ("--seed 1.5", #"--seed: found "1.5", expected a whole number"#),
    ])
  func `what can't be understood is named`(_ line: String, _ message: String) {
    let error = #expect(throws: UsageError.self) { try options(line) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func `a workload's own settings apply where the policy's options are silent`() throws {
    var workload = Workload(name: "own", models: Workload.models(2))
    workload.slots = 3
    #expect(try PolicyChoice(parsing: "cost_aware").adapted(workload).slots == 3)
    #expect(try PolicyChoice(parsing: "cost_aware:slots=7").adapted(workload).slots == 7)
    workload.minActive = .seconds(100)
    workload.requests = [
      .init(at: .zero, model: 0, work: .seconds(1)), .init(at: .seconds(1), model: 1, work: .seconds(1)),
    ]
    func wait(_ text: String) throws -> Double {
      let costs = SimulatedCosts(otherwise: 10)
      let policy = try PolicyChoice(parsing: text).policy(for: workload, costs: costs)
      return Simulator.run(workload, policy: policy, costs: costs).maxWait
    }
    #expect(try abs(wait("fifo") - 109) < 0.001)
    #expect(try abs(wait("fifo:min_active_secs=0") - 10) < 0.001)
  }
}
