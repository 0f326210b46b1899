internal import Core

/// A stand-in model server as a value: what each request and each control call does, and when.
///
/// It knows neither clock nor socket: the time comes with each event, and what is to happen goes out as effects. It is
/// faithful to vLLM where that hurts: a discarded model answers with empty text until its weights have been reloaded, a
/// request to a sleeping one hangs, and a failed sleep leaves the engine paused with its memory still taken.
struct EngineState {
  typealias Ticket = EngineScheduler.Ticket

  enum Event {
    case requestArrived(Ticket, tokens: Int)
    /// Its client has left.
    case requestAbandoned(Ticket)
    case called(Ticket, EngineCall)
    /// How a `takeGPU` ended.
    case gpuTaken, gpuRefused
    /// `nextDeadline` has come. Too early or in vain does no harm.
    case timerFired
  }

  enum Effect: Hashable {
    case output(Ticket, EngineScheduler.Output)
    case answer(Ticket, EngineAnswer)
    case takeGPU
    case releaseGPU
  }

  /// What the call at the head of the queue waits for.
  private enum Progress {
    /// The requests that are still being answered.
    case drain(SleepLevel)
    case gpu
    case work(until: Instant)
  }

  private static let everything = Set(EngineMemory.allCases)

  private let options: StubEngineOptions
  private var scheduler: EngineScheduler
  /// The calls that have not been answered; the first is under way.
  private var calls: [(ticket: Ticket, call: EngineCall)] = []
  private var progress: Progress?
  /// What is on the GPU.
  private var resident = everything
  /// The last sleep's that freed it.
  private var lastLevel = SleepLevel.pause
  /// Whether the weights are the model's, once they are on the GPU.
  private var weightsAreSound = true

  /// An engine that has just started: awake, its memory on the GPU.
  init(_ options: StubEngineOptions) {
    self.options = options
    let cuts = options.failures.compactMap { if case .midStream(let tokens) = $0 { tokens } else { nil } }
    scheduler = EngineScheduler(tokenTime: options.tokenTime, tokensBeforeCut: cuts.min())
  }

  /// When something falls due by itself, nil when nothing does.
  var nextDeadline: Instant? {
    guard case .work(let end) = progress else { return scheduler.nextDeadline }
    return min(end, scheduler.nextDeadline ?? end)
  }

  /// A reading for /metrics.
  var statistics: EngineStatistics {
    EngineStatistics(
      running: scheduler.running, waiting: scheduler.waiting, arrivedWhileAsleep: scheduler.arrivedWhilePaused,
      aborted: scheduler.aborted, sleepLevel: isResident ? nil : lastLevel)
  }

  mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    switch event {
    case .requestArrived(let ticket, let tokens): scheduler.add(ticket, tokens: tokens, at: now)
    case .requestAbandoned(let ticket): scheduler.remove(ticket)
    case .called(let ticket, let call): calls.append((ticket, call))
    case .gpuTaken: progress = .work(until: now + options.wakeTime)
    case .gpuRefused:
      progress = nil
      effects += answer(.failed(GPULock.outOfMemory))
    case .timerFired: break
    }
    repeat { generate(until: now, &effects) } while advanceCalls(at: now, &effects)
    return effects
  }

  private mutating func generate(until now: Instant, _ effects: inout [Effect]) {
    let (model, isSound) = (options.model, weightsAreSound)
    let outputs = scheduler.generate(until: now) { isSound ? StubAnswer.token($0, of: model) : "" }
    effects += outputs.map { .output($0.ticket, $0.output) }
  }

  // MARK: Control calls

  /// Begins the next call, moves the one under way on or ends it; false when none of that is possible now.
  private mutating func advanceCalls(at now: Instant, _ effects: inout [Effect]) -> Bool {
    guard let call = calls.first?.call else { return false }
    switch progress {
    case nil: begin(call, at: now, &effects)
    case .gpu: return false
    case .drain(let level):
      guard scheduler.running == 0 else { return false }
      progress = .work(until: freesMemory(level) ? now + options.sleepTime : now)
    case .work(let end):
      guard end <= now else { return false }
      progress = nil
      effects += finish(call, at: now)
    }
    return true
  }

  private mutating func begin(_ call: EngineCall, at now: Instant, _ effects: inout [Effect]) {
    switch call {
    case .isSleeping, .resetPrefixCache: progress = .work(until: now)
    case .reloadWeights: progress = .work(until: now + options.reloadTime)
    case .sleep(let level, let mode):
      // Of an engine that sleeps already nothing is left to pause.
      if isResident { effects += scheduler.pause(mode).map { .output($0, .aborted) } }
      progress = .drain(level)
    case .wakeUp(let tags):
      if resident.isEmpty, !tags.isEmpty {
        progress = .gpu
        effects.append(.takeGPU)
      } else {
        // Awake, or awake in part; what is still missing then is quickly there.
        progress = .work(until: now)
      }
    }
  }

  /// Whether a sleep to that level changes anything on the GPU: asleep is asleep, also to a call for a deeper level.
  private func freesMemory(_ level: SleepLevel) -> Bool { level != .pause && isResident }

  private var isResident: Bool { resident == Self.everything }

  private mutating func finish(_ call: EngineCall, at now: Instant) -> [Effect] {
    switch call {
    case .isSleeping: return answer(.sleeping(scheduler.isPaused))
    case .resetPrefixCache: return answer(.done)
    case .sleep(let level, _):
      guard freesMemory(level) else { return answer(.done) }
      guard !options.failures.contains(.sleep) else { return answer(.failed("sleep failed, as it was told to")) }
      resident = []
      lastLevel = level
      if level == .discard { weightsAreSound = false }
      return [.releaseGPU] + answer(.done)
    case .wakeUp(let tags):
      if options.failures.contains(.wake), !isResident {
        return (resident.isEmpty ? [.releaseGPU] : []) + answer(.failed("wake_up failed, as it was told to"))
      }
      resident.formUnion(tags)
      if isResident { scheduler.resume(at: now) }
      return answer(.sleeping(scheduler.isPaused))
    case .reloadWeights:
      guard resident.contains(.weights) else { return answer(.failed("the weights are not on the GPU")) }
      guard !options.failures.contains(.reload) else {
        return answer(.failed("reload_weights failed, as it was told to"))
      }
      weightsAreSound = true
      return answer(.done)
    }
  }

  /// Answers the call under way, and makes room for the next.
  private mutating func answer(_ answer: EngineAnswer) -> [Effect] {
    [.answer(calls.removeFirst().ticket, answer)]
  }
}

/// What a stand-in model server tells of itself.
struct EngineStatistics: Hashable, Sendable {
  let running: Int
  let waiting: Int
  let arrivedWhileAsleep: Int
  let aborted: Int
  /// Nil while it is awake.
  let sleepLevel: SleepLevel?
}
