internal import Core

/// What the program is asked to do, read from its command line and environment.
enum Command: Hashable {
  case serve(Overrides)
  /// Validates the configuration; `prints` it as it takes effect, too.
  case check(Overrides, prints: Bool)
  case stubEngine(StubEngineOptions)
  case client(ClientRequest, ClientOptions)
  case simulate(SimulationOptions)
  case version
  /// Prints the text.
  case help(String)

  /// A question or an order to a running daemon.
  enum ClientRequest: Hashable {
    case status, unpin, reload, events
    case setMode(manual: Bool)
    case switchTo(String)
    case pin(String)
    case sleep(String)
    case wake(String)
  }

  /// How to reach the running daemon, and how to show what it says.
  struct ClientOptions: Hashable {
    var adminURL = "http://127.0.0.1:3001"
    var adminToken: String?
    var printsJSON = false
  }

  /// - Parameter words: the command line without the program's name.
  /// - Throws: why it can't be understood.
  init(parsing words: [String], environment: [String: String]) throws(UsageError) {
    let options = words.prefix { $0 != "--" }
    let named = words.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
    let verb = named.map { Verb(rawValue: $0) } ?? .serve
    if options.contains("--help") || options.contains("-h") {
      self = .help(verb.map { named == nil ? Verb.overview : $0.help } ?? Verb.overview)
      return
    }
    if options.contains("--version") {
      self = .version
      return
    }
    guard let verb else { throw .unknown("command", named ?? "", among: Verb.allCases.map(\.rawValue)) }
    let arguments = try Arguments(words.dropFirst(named == nil ? 0 : 1), options: verb.options)
    if verb == .help, let topic = arguments.operands.first {
      guard let verb = Verb(rawValue: topic) else {
        throw .unknown("command", topic, among: Verb.allCases.map(\.rawValue))
      }
      self = .help(verb.help)
      return
    }
    self = try Self.command(verb, arguments, try arguments.operands(verb.operands), environment)
  }

  private static func command(
    _ verb: Verb, _ arguments: Arguments, _ operands: [String], _ environment: [String: String]
  ) throws(UsageError) -> Command {
    switch verb {
    case .serve: return .serve(Overrides(flags: arguments.lastValues, environment: environment))
    case .check:
      return .check(
        Overrides(flags: arguments.lastValues, environment: environment), prints: arguments.contains("--print"))
    case .stubEngine: return .stubEngine(try StubEngineOptions(arguments))
    case .simulate: return .simulate(try SimulationOptions(arguments))
    case .version: return .version
    case .help: return .help(Verb.overview)
    case .status: return client(.status)
    case .switch: return client(.switchTo(operands[0]))
    case .pin: return client(.pin(operands[0]))
    case .unpin: return client(.unpin)
    case .reload: return client(.reload)
    case .events: return client(.events)
    case .sleep: return client(.sleep(operands[0]))
    case .wake: return client(.wake(operands[0]))
    case .mode:
      guard let mode = ["auto": false, "manual": true][operands[0]] else {
        throw UsageError("mode: found \"\(operands[0])\", expected auto or manual")
      }
      return client(.setMode(manual: mode))
    }

    func client(_ request: ClientRequest) -> Command {
      var options = ClientOptions()
      options.adminURL = arguments.value("--admin") ?? environment["SWITCHER_ADMIN"] ?? options.adminURL
      options.adminToken = environment["SWITCHER_ADMIN_TOKEN"]
      options.printsJSON = arguments.contains("--json")
      return .client(request, options)
    }
  }
}

extension StubEngineOptions {
  fileprivate init(_ arguments: Arguments) throws(UsageError) {
    self.init()
    port = try arguments.integer("--port", in: 0...65_535).map(UInt16.init) ?? port
    model = arguments.value("--model") ?? model
    startTime = try arguments.duration("--start-secs", unit: .seconds(1)) ?? startTime
    sleepTime = try arguments.duration("--sleep-secs", unit: .seconds(1)) ?? sleepTime
    wakeTime = try arguments.duration("--wake-secs", unit: .seconds(1)) ?? wakeTime
    reloadTime = try arguments.duration("--reload-secs", unit: .seconds(1)) ?? reloadTime
    tokenTime = try arguments.duration("--token-ms", unit: .milliseconds(1)) ?? tokenTime
    gpuFile = arguments.value("--gpu")
    for text in arguments.values("--fail") {
      guard let failure = StubFailure(text) else {
        throw UsageError("--fail: found \"\(text)\", expected \(StubFailure.expected)")
      }
      failures.insert(failure)
    }
  }
}
