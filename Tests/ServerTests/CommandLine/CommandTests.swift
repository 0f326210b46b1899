import Testing

@testable import Server

struct CommandTests {
  @Test(
    arguments: [
      ([], .serve(Overrides())),
      (["serve"], .serve(Overrides())),
      (["--config", "x.json"], .serve(Overrides(flags: ["--config": "x.json"]))),
      (["serve", "-c", "x.json", "--listen=:1"], .serve(Overrides(flags: ["--config": "x.json", "--listen": ":1"]))),
      (["--record", "r.jsonl"], .serve(Overrides(flags: ["--record": "r.jsonl"]))),
      (["check", "--print", "--config=a", "--config=b"], .check(Overrides(flags: ["--config": "b"]), prints: true)),
      (["check"], .check(Overrides(), prints: false)),
      (["status", "--json"], .client(.status, .init(printsJSON: true))),
      (["switch", "phi-4", "--admin", "http://h:1"], .client(.switchTo("phi-4"), .init(adminURL: "http://h:1"))),
      (["pin", "--", "--odd"], .client(.pin("--odd"), .init())),
      (["unpin"], .client(.unpin, .init())),
      (["mode", "manual"], .client(.setMode(manual: true), .init())),
      (["mode", "auto"], .client(.setMode(manual: false), .init())),
      (["sleep", "m"], .client(.sleep("m"), .init())),
      (["events", "--json"], .client(.events, .init(printsJSON: true))),
      (["wake", "m"], .client(.wake("m"), .init())),
      (["version"], .version), (["--version"], .version), (["switch", "--version"], .version),
      (["help"], .help(Verb.overview)), (["--help"], .help(Verb.overview)), (["-h", "--listen"], .help(Verb.overview)),
      (["serve", "--help"], .help(Verb.serve.help)), (["switch", "--nonsense", "-h"], .help(Verb.switch.help)),
      (["help", "stub-engine"], .help(Verb.stubEngine.help)), (["nonsense", "--help"], .help(Verb.overview)),
    ] as [([String], Command)])
  func `a command line becomes a value`(words: [String], command: Command) throws {
    #expect(try Command(parsing: words, environment: [:]) == command)
  }

  @Test(
    arguments: [
      (["swtich", "m"], #"unknown command "swtich", did you mean switch?"#),
      (["config.json"], #"unknown command "config.json""#),
      (["--confg", "x"], #"unknown option "--confg", did you mean --config?"#),
      (["status", "--listen", ":1"], #"unknown option "--listen""#),
      (["--listen"], "--listen expects a value, HOST:PORT"),
      (["--config", "--listen"], "--config expects a value, FILE"),
      (["check", "--print=x"], "--print takes no value"),
      (["serve", "x"], #"unexpected argument "x""#), (["switch"], "missing MODEL"),
      (["pin", "a", "b"], #"unexpected argument "b""#),
      (["mode"], "missing auto|manual"), (["mode", "off"], #"mode: found "off", expected auto or manual"#),
      (["help", "srve"], #"unknown command "srve", did you mean serve?"#),
      (["stub-engine", "--port", "x"], #"--port: found "x", expected a whole number from 0 to 65535"#),
      (["stub-engine", "--port", "-1"], #"--port: found "-1", expected a whole number from 0 to 65535"#),
      (["stub-engine", "--wake-secs", "-1"], #"--wake-secs: found "-1", expected a number from 0 to 1000000"#),
      (["stub-engine", "--wake-secs", "nan"], #"--wake-secs: found "nan", expected a number from 0 to 1000000"#),
      (["stub-engine", "--start-secs", "1e300"], #"--start-secs: found "1e300", expected a number from 0 to 1000000"#),
      (
        ["stub-engine", "--fail", "often"],
        #"--fail: found "often", expected start, sleep, wake, reload, mid-stream or mid-stream:N"#
      ),
    ] as [([String], String)])
  func `what can't be understood is named`(words: [String], message: String) {
    #expect(throws: UsageError(message)) { try Command(parsing: words, environment: [:]) }
  }

  @Test func `the stub engine is told everything that it can be`() throws {
    let line =
      "stub-engine --port 0 --model a/b --start-secs 1.5 --sleep-secs 2 --wake-secs .5 --reload-secs 3 --token-ms 20 "
      + "--gpu /tmp/g --fail wake --fail=mid-stream:7"
    var options = StubEngineOptions()
    options.port = 0
    options.model = "a/b"
    options.startTime = .milliseconds(1500)
    options.sleepTime = .seconds(2)
    options.wakeTime = .milliseconds(500)
    options.reloadTime = .seconds(3)
    options.tokenTime = .milliseconds(20)
    options.gpuFile = "/tmp/g"
    options.failures = [.wake, .midStream(afterTokens: 7)]
    let words = line.split(separator: " ").map(String.init)
    #expect(try Command(parsing: words, environment: [:]) == .stubEngine(options))
    #expect(try Command(parsing: ["stub-engine"], environment: [:]) == .stubEngine(StubEngineOptions()))
  }

  @Test func `flags beat the environment`() throws {
    let environment = [
      "SWITCHER_CONFIG": "env.json", "SWITCHER_LISTEN": ":2", "SWITCHER_ADMIN": "http://e", "SWITCHER_ADMIN_TOKEN": "t",
      "SWITCHER_RECORD": "r",
    ]
    guard case .serve(let overrides) = try Command(parsing: ["--listen", ":1"], environment: environment) else {
      Issue.record("not served")
      return
    }
    #expect(overrides.configPath == Overrides.Setting(source: "SWITCHER_CONFIG", value: "env.json"))
    #expect(overrides.listen == Overrides.Setting(source: "--listen", value: ":1"))
    #expect(overrides.adminToken?.value == "t")
    #expect(overrides.recordPath == Overrides.Setting(source: "SWITCHER_RECORD", value: "r"))
    #expect(
      try Command(parsing: ["status"], environment: environment)
        == .client(.status, .init(adminURL: "http://e", adminToken: "t")))
  }

  @Test(arguments: Verb.allCases)
  func `the help of a command names all that it takes`(verb: Verb) {
    #expect(Verb.overview.contains("  \(verb.rawValue) "))
    #expect(verb.help.hasPrefix("Usage: switcher \(verb.rawValue)"))
    for option in verb.options { #expect(verb.help.contains(option.name) && verb.help.contains(option.summary)) }
  }
}
