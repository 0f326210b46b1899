internal import Core

/// Makes one model available and takes it away, in whatever way its kind knows: by asking a server that stays, by running
/// commands, by ordering a service. It remembers nothing of the model, but looks.
protocol ModelHost: Sendable {
  /// Makes the model able to serve, whatever state it is in, and returns where it answers.
  func wake() async throws(RuntimeFailure) -> Upstream

  /// Frees what the model holds; returns once that is certain.
  func sleep() async throws(RuntimeFailure)

  /// Frees what the model holds after `wake` or `sleep` has failed, or at the daemon's end. Returns whether it was freed. If
  /// not, the host is gone, and may be brought back, with the model, by whoever runs it; or what it holds is in nobody's way.
  func stop() async throws(RuntimeFailure) -> Bool

  /// Frees what somebody else had the host hold, so that another model can be woken. Returns whether it was freed; if not,
  /// it is in nobody's way.
  /// - Throws: when that one would not find the GPU free.
  func vacate() async throws(RuntimeFailure) -> Bool

  /// Looks whether the host still serves the model, or can, be it slowly.
  func isAlive() async -> Bool

  /// Whether the host says that it serves the model, or can.
  func isWell() async -> Bool

  /// Looks whether the host holds anything for the model, whoever it was that woke it; false where there is no telling.
  /// - Throws: when there is no answer within the few seconds that a look may take, or the task is cancelled.
  func isHeld() async throws(RuntimeFailure) -> Bool

  /// How often `loss` is asked for while the model is awake; nil for a host that brings back by itself what it has lost.
  var watchInterval: Duration? { get }

  /// How the host came to lose the model that it was to serve, worded to follow its name; nil where it has not, as far as
  /// can be told.
  func loss() async -> String?
}

extension ModelHost {
  var watchInterval: Duration? { nil }
  func loss() async -> String? { nil }
  func isWell() async -> Bool { await isAlive() }

  func stop() async throws(RuntimeFailure) -> Bool {
    try await sleep()
    return true
  }

  func vacate() async throws(RuntimeFailure) -> Bool {
    try await sleep()
    return true
  }
}

/// How a model's host is made.
struct HostPlan: Sendable {
  let host: @Sendable (HostSite) -> any ModelHost
}

/// What a host works with.
struct HostSite: Sendable {
  let model: ModelID
  let control: ServerControl
  /// Gets what the host's commands write.
  let log: Logger
  /// Keeps what they write.
  let kept: ModelOutput
  /// Starts a command; the daemon's end is its end too.
  let start: @Sendable (Launch, OutputSink) -> ChildProcess

  /// How the host's server calls the model.
  var modelName: String { control.upstream.modelName ?? model.name }
}
