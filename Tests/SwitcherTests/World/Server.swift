internal import Core

@testable import Switcher

/// What a model's server really does, as far as the machine's effects have driven it.
struct Server: Hashable {
  enum Body: Hashable {
    case stopped, asleep, awake
    /// A wake failed or was cut off: the GPU may be held, and only a stop helps.
    case broken
    /// A sleep failed, or it hangs and is taken for dead: the GPU is held until a stop works. After a sleep that failed it
    /// may also be woken again.
    case stuck
  }

  enum Work: Hashable {
    case waking, sleeping(Eviction?), stopping
  }

  var body: Body = .stopped
  /// The latest life, the one that is being started included.
  var instance = Instance(0)
  var work: Work?
  /// A death that nobody has told the machine of yet.
  var unreportedDeath: Instance?
  /// Whether it is to be replaced once it has ended.
  var isRetiring = false
  private(set) var lastDead: Instance?

  /// Whether something slow is under way.
  var isBusy: Bool { work != nil || isRetiring }

  /// The machine can't know better than that it is awake.
  var seemsAwake: Bool {
    body == .awake || unreportedDeath == instance && (body == .stopped || body == .stuck)
  }

  /// Another model must not be woken beside it.
  var holdsGPU: Bool {
    switch (body, work) {
    case (.awake, _), (.broken, _), (.stuck, _), (_, .waking), (_, .sleeping): true
    case (.stopped, _), (.asleep, _): false
    }
  }

  mutating func beginWake() {
    // What died in its sleep unnoticed is found dead and started afresh.
    if body == .stopped || body == .broken || lastDead == instance { instance = Instance(instance.number + 1) }
    work = .waking
  }

  /// Dies, wherever it is.
  mutating func crash() {
    unreportedDeath = instance
    lastDead = instance
    body = .stopped
  }

  /// Answers nobody any more, and holds what it holds.
  mutating func hang() {
    unreportedDeath = instance
    lastDead = instance
    body = .stuck
  }

  /// Its process is ended for good, and another may be started in its place.
  mutating func retire(_ model: ModelID) -> Event {
    isRetiring = false
    body = .stopped
    unreportedDeath = nil
    return .retired(model)
  }

  /// Ends the work that is under way as it was meant to end.
  mutating func succeed(_ model: ModelID) -> Event? {
    guard work != nil || !isRetiring else { return retire(model) }
    defer { work = nil }
    let isDead = lastDead == instance
    switch work {
    case .waking:
      body = isDead ? .stopped : .awake
      return .woke(model, instance)
    case .sleeping(let eviction):
      body = isDead || eviction?.process == .stop ? .stopped : .asleep
      return .slept(model, body == .asleep ? Residence.asleep : .stopped)
    case .stopping:
      body = .stopped
      return .stopped(model)
    case nil: return nil
    }
  }

  /// Ends the work that is under way badly.
  mutating func fail(_ model: ModelID) -> Event? {
    guard work != nil || !isRetiring else {
      isRetiring = false
      return .retireFailed(model, message: "planned")
    }
    defer { work = nil }
    switch work {
    case .waking:
      body = .broken
      return .wakeFailed(model, RuntimeFailure("planned"))
    case .sleeping:
      body = .stuck
      return .sleepFailed(model, message: "planned")
    case .stopping: return .stopFailed(model, message: "planned")
    case nil: return nil
    }
  }
}
