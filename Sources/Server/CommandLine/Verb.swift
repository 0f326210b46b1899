/// The commands by name, with all that the parser and the help must know about each.
enum Verb: String, CaseIterable {
  case serve, check, status, `switch`, pin, unpin, mode, sleep, wake, reload, events
  case simulate
  case stubEngine = "stub-engine"
  case version, help

  /// What must follow the command besides its options.
  var operands: [String] {
    switch self {
    case .switch, .pin, .sleep, .wake: ["MODEL"]
    case .mode: ["auto|manual"]
    case .serve, .check, .status, .unpin, .reload, .events, .simulate, .stubEngine, .version, .help: []
    }
  }

  var options: [Arguments.Option] {
    switch self {
    case .serve: Self.configuration + [Self.record]
    case .check: Self.configuration + [.init("--print", "show the configuration as it takes effect, secrets masked")]
    case .status, .switch, .pin, .unpin, .mode, .sleep, .wake, .reload, .events: Self.client
    case .simulate: Self.simulation
    case .stubEngine: Self.stubEngineOptions
    case .version, .help: []
    }
  }

  var summary: String {
    switch self {
    case .serve: "serve the configured models (what a bare \"switcher\" does)"
    case .check: "validate the configuration and print every fault"
    case .status: "show which model is active, in which mode, and who waits"
    case .switch: "switch to a model now"
    case .pin: "switch to a model and stay with it"
    case .unpin: "let the policy decide again"
    case .mode: "let the policy decide (auto) or nobody but you (manual)"
    case .sleep: "put a model to sleep"
    case .wake: "wake a model"
    case .reload: "have the daemon read its configuration anew"
    case .events: "print what happens, as it happens"
    case .simulate: "try policies on a workload, in virtual time"
    case .stubEngine: "run a stand-in for a model server, for trying things out"
    case .version: "print the version"
    case .help: "print this, or the help of one command"
    }
  }

  private static let configuration: [Arguments.Option] = [
    .init("--config", short: "-c", value: "FILE", "the configuration, ./config.json by default (SWITCHER_CONFIG)"),
    .init("--listen", value: "HOST:PORT", "where clients reach the models (SWITCHER_LISTEN)"),
    .init("--admin-listen", value: "HOST:PORT", "where the admin routes and /metrics are (SWITCHER_ADMIN_LISTEN)"),
    .init("--log-level", value: "LEVEL", "debug, info, warning or error (SWITCHER_LOG_LEVEL)"),
  ]

  private static let record = Arguments.Option(
    "--record", value: "FILE", "write down when each request comes, for simulate --trace (SWITCHER_RECORD)")

  private static let client: [Arguments.Option] = [
    .init("--admin", value: "URL", "the daemon's admin address, http://127.0.0.1:3001 by default (SWITCHER_ADMIN)"),
    .init("--json", "print the daemon's answer as it is"),
  ]

  private static let simulation: [Arguments.Option] = [
    .init("--policies", value: "LIST", "fifo,cost_aware,scheduler_tick by default; a policy may bear NAME:OPTION=N"),
    .init("--workload", value: "NAMES", "built-in ones: llmux (the default), general, all, or single ones"),
    .init("--trace", value: "FILE", "a workload of your own, .json or .jsonl"),
    .init("--switch-cost", value: "SECS", "what a switch takes, 10 by default; a list for several passes"),
    .init("--switch-costs", value: "FILE", "what the switches of single pairs take, {\"a->b\": 2, \"->a\": 25}"),
    .init("--sweep", value: "OPTION=A,B,C", "run each policy that has the option with each value; may be repeated"),
    .init("--seed", value: "N", "draws the general workloads, 1 by default"),
    .init("--service-secs", value: "SECS", "what each request of an llmux workload takes, 0.5 by default"),
    .init("--json", "print a list of objects, one a row"),
  ]

  private static let stubEngineOptions: [Arguments.Option] = [
    .init("--port", value: "PORT", "the port on 127.0.0.1, 0 for a free one"),
    .init("--model", value: "NAME", "the model's name"),
    .init("--start-secs", value: "SECS", "how long it takes to start"),
    .init("--sleep-secs", value: "SECS", "how long it takes to fall asleep"),
    .init("--wake-secs", value: "SECS", "how long it takes to wake up"),
    .init("--reload-secs", value: "SECS", "how long it takes to reload its weights"),
    .init("--token-ms", value: "MS", "the time from one token of an answer to the next"),
    .init("--gpu", value: "FILE", "a file whose lock stands for the GPU: one at a time can be awake"),
    .init("--fail", value: "WHAT", "go wrong: \(StubFailure.expected); may be repeated"),
  ]
}

extension Verb {
  /// The help of the command.
  var help: String {
    let usage = (["switcher", rawValue] + operands + (options.isEmpty ? [] : ["[OPTIONS]"])).joined(separator: " ")
    let lines = options.map { option in
      let names = [option.shortName, option.name].compactMap(\.self).joined(separator: ", ")
      return (names + (option.placeholder.map { " \($0)" } ?? ""), option.summary)
    }
    return "Usage: \(usage)\n\n\(summary)\n" + (lines.isEmpty ? "" : "\nOptions:\n" + Self.table(lines))
  }

  /// The help of the program.
  static var overview: String {
    """
    Serves many models from one GPU behind one OpenAI-compatible address.

    Usage: switcher [COMMAND] [OPTIONS]

    Commands:
    \(table(allCases.map { (([$0.rawValue] + $0.operands).joined(separator: " "), $0.summary) }))
    "switcher COMMAND --help" lists the options of a command.

    """
  }

  private static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1)\n" }.joined()
  }
}
