internal import Core

/// Makes one model available and takes it away, in whatever way its kind knows: by asking a server that stays, by running
/// commands, by ordering a service. It remembers nothing of the model, but looks.
protocol ModelHost: Sendable {
  /// Makes the model able to serve, whatever state it is in, and returns where it answers.
  func wake() async throws(RuntimeFailure) -> Upstream

  /// Frees what the model holds; returns once that is certain.
  func sleep() async throws(RuntimeFailure)

  /// Frees what the model holds after `wake` or `sleep` has failed, or at the daemon's end.
  func stop() async throws(RuntimeFailure)

  /// Looks whether the host still serves the model, or can.
  func isAlive() async -> Bool
}

extension ModelHost {
  func stop() async throws(RuntimeFailure) { try await sleep() }
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
