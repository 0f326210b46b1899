import Core

@testable import Server

/// An engine's state in a time that a test moves, with a GPU that somebody else may hold.
struct EngineWorld {
  typealias Ticket = EngineScheduler.Ticket

  private(set) var state: EngineState
  private(set) var now = Instant.zero
  /// Whether a `takeGPU` succeeds.
  var gpuIsFree = true
  /// Every effect so far, with the milliseconds since the beginning that it came at.
  private(set) var history: [(milliseconds: Int, effect: EngineState.Effect)] = []
  private var tickets = 0

  init(_ options: StubEngineOptions = .forTests) { state = EngineState(options) }

  mutating func request(tokens: Int) -> Ticket {
    let ticket = nextTicket()
    send(.requestArrived(ticket, tokens: tokens))
    return ticket
  }

  mutating func call(_ call: EngineCall) -> Ticket {
    let ticket = nextTicket()
    send(.called(ticket, call))
    return ticket
  }

  mutating func send(_ event: EngineState.Event) {
    for effect in state.handle(event, at: now) {
      history.append((Int(now.nanoseconds / 1_000_000), effect))
      if effect == .takeGPU { send(gpuIsFree ? .gpuTaken : .gpuRefused) }
    }
  }

  /// Moves the time on, through each deadline at its own instant.
  mutating func advance(milliseconds: Int) {
    let end = now + .milliseconds(milliseconds)
    while let deadline = state.nextDeadline, deadline <= end {
      now = deadline
      send(.timerFired)
    }
    now = end
  }

  /// Moves the time on, past deadlines, as a timer does that comes late.
  mutating func advanceLate(milliseconds: Int) {
    now = now + .milliseconds(milliseconds)
    send(.timerFired)
  }

  /// What has come out for a request: the text, and how it ended if it has.
  func text(_ ticket: Ticket) -> String {
    outputs(ticket).map { if case .token(let text) = $0 { text } else { "" } }.joined()
  }

  func ending(_ ticket: Ticket) -> EngineScheduler.Output? {
    outputs(ticket).last { if case .token = $0 { false } else { true } }
  }

  func outputs(_ ticket: Ticket) -> [EngineScheduler.Output] {
    history.compactMap { if case .output(ticket, let output) = $0.effect { output } else { nil } }
  }

  /// When each of a request's tokens came, in milliseconds.
  func tokenTimes(_ ticket: Ticket) -> [Int] {
    history.compactMap { if case .output(ticket, .token) = $0.effect { $0.milliseconds } else { nil } }
  }

  /// How a call was answered, nil while it is under way.
  func answer(_ ticket: Ticket) -> EngineAnswer? {
    for entry in history { if case .answer(ticket, let answer) = entry.effect { return answer } }
    return nil
  }

  /// When a call was answered, in milliseconds.
  func answerTime(_ ticket: Ticket) -> Int? {
    history.first { if case .answer(ticket, _) = $0.effect { true } else { false } }?.milliseconds
  }

  /// When the GPU was released, in milliseconds.
  var releaseTimes: [Int] { history.filter { $0.effect == .releaseGPU }.map(\.milliseconds) }

  private mutating func nextTicket() -> Ticket {
    tickets += 1
    return Ticket(number: tickets)
  }
}

extension StubEngineOptions {
  /// Times that can be told apart.
  static let forTests = StubEngineOptions(
    model: "alpha", sleepTime: .milliseconds(300), wakeTime: .milliseconds(500), reloadTime: .milliseconds(700),
    tokenTime: .milliseconds(10))

  static func failing(_ failure: StubFailure) -> StubEngineOptions {
    var options = forTests
    options.failures = [failure]
    return options
  }
}

extension EngineCall {
  static func sleep(_ level: SleepLevel) -> EngineCall { .sleep(level, .abort) }
  static let wakeUp = EngineCall.wakeUp(Set(EngineMemory.allCases))
}
