internal import Core
internal import HTTP

extension ServerControl {
  /// Puts the server to sleep and returns once it says that it sleeps: a 200 from a control route may come too early, or
  /// mean nothing at all.
  /// - Parameter timeout: for each step, and once more for the server to fall asleep.
  func sleep(_ mode: SleepMode, timeout: Duration) async throws(RuntimeFailure) {
    try await carryOut(mode.sleepSteps, of: .sleep, timeout: timeout)
    try await awaitSleeping(true, mode.proof, within: timeout)
  }

  /// Wakes the server and makes sure that it says it is awake, as vLLM does not when a tag was unknown to it.
  /// - Parameter timeout: for each step.
  func wake(_ mode: SleepMode, timeout: Duration) async throws(RuntimeFailure) {
    try await carryOut(mode.wakeSteps, of: .wake, timeout: timeout)
    try await awaitSleeping(false, mode.proof, within: min(timeout, .seconds(10)))
  }

  /// Asks the server whether it sleeps, as it may be asked whether it knows the route or not.
  /// - Throws: when there is no answer in time, or only a proxy's word that nobody is there (502). A 503 or 504 does not say
  ///   so: the server may hold the GPU and be ill, or late, and is put to sleep as one that does not know the route.
  func sleepReport() async throws(RuntimeFailure) -> SleepReport {
    let answer = try await order(.get, "/is_sleeping", timeout: .seconds(5))
    guard answer.status != 502 else { throw RuntimeFailure("GET /is_sleeping \(answer.description)") }
    return switch answer.isSleeping {
    case true?: .asleep
    case false?: .awake
    case nil: .unknown
    }
  }

  private func awaitSleeping(
    _ expected: Bool, _ proof: SleepMode.Proof, within timeout: Duration
  ) async throws(RuntimeFailure) {
    guard proof != .none else { return }
    // An engine that is busy with the step itself may keep the question waiting.
    try await waitUntil(
      expected ? "asleep" : "awake", within: timeout, patience: .seconds(2)
    ) { timeout throws(RuntimeFailure) in
      let answer: Answer
      do throws(ClientFailure) {
        answer = try await ask(.get, "/is_sleeping", timeout: timeout)
      } catch {
        guard [.timedOut, .connectTimedOut].contains(error.kind) else { throw RuntimeFailure(error) }
        return .notYet(error.description)
      }
      let report = "GET /is_sleeping \(answer.description)"
      if let isSleeping = answer.isSleeping { return isSleeping == expected ? .asHoped : .notYet(report) }
      if proof == .ifOffered { return .asHoped }
      throw RuntimeFailure(#"\#(report): expected {"is_sleeping":true} or {"is_sleeping":false}"#)
    }
  }
}

/// What a server says of its sleep.
enum SleepReport {
  case asleep, awake
  /// It does not know the route, or can't answer.
  case unknown
}

extension ServerControl.Answer {
  /// What the server says of its sleep; nil where it does not know the route.
  fileprivate var isSleeping: Bool? {
    guard status == 200 else { return nil }
    let compact = body.filter { !$0.isWhitespace }
    guard compact.hasPrefix("{") else { return nil }
    return compact.contains(#""is_sleeping":true"#) ? true : compact.contains(#""is_sleeping":false"#) ? false : nil
  }
}
