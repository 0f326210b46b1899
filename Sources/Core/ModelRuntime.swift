/// A model server that can be woken and put to sleep. The switcher decides; a runtime only carries out.
///
/// `wake`, `sleep` and `stop` are never called while another of them runs on the same model, with one exception: `stop`
/// may be called while a cancelled `wake` or `sleep` is on its way out, and waits for it.
package protocol ModelRuntime: Sendable {
  /// Where the model answers while it is awake.
  var upstream: Upstream { get }

  /// What the server's process is doing, for status pages: a reading, never a basis for a decision.
  var processState: ProcessState { get async }

  /// Makes the model able to serve: the wake steps of a sleeping server, a cold start of a stopped one. Returns the number
  /// of the instance that now runs. Ends early, with the model no further than it was, when the task is cancelled.
  /// - Throws: what failed, worded for a person; the caller then stops the model.
  func wake() async throws(RuntimeFailure) -> Instance

  /// Frees the GPU as `eviction` says (nil: as the model is configured) and tells what is left of the process.
  /// - Throws: what failed, worded for a person; the caller then stops the model.
  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence

  /// Ends the model's whole process tree: politely, then by force. One that somebody else runs is made to free the GPU as
  /// far as it takes orders. A model that holds nothing is stopped already.
  /// - Throws: when the GPU may still be held.
  func stop() async throws(RuntimeFailure)

  /// Puts the model to sleep if it is awake although nobody has woken it from here: it may have been left so by an earlier
  /// run, or by whoever runs its server. Called before another model is woken; looks only while what it holds is not known.
  /// - Throws: when the model may still be awake, worded for a person.
  func vacate() async throws(RuntimeFailure)

  /// Looks whether the server still lives: by its process where it is ours, by its health where it is not. To be called
  /// in a task that nobody cancels, which may end the look with nothing found.
  func isAlive() async -> Bool

  /// Whether the server says that it is well; changes nothing and wakes nobody. False where no server of this model runs,
  /// whoever else may answer at its address.
  func isWell() async -> Bool

  /// The instances that ended without having been asked to, each as soon as it is noticed. One reader only.
  var deaths: AsyncStream<Death> { get }
}

extension ModelRuntime {
  /// What only this daemon starts is not there before.
  package func vacate() async throws(RuntimeFailure) {}

  /// Where there is nobody to ask, a server is well as long as it runs.
  package func isWell() async -> Bool { await [.running, .external].contains(processState) }
}

/// The serial number of one life of a model's server: a cold start begins a new one, a wake from sleep does not.
/// It keeps late news of a dead server from touching its successor.
package struct Instance: Hashable, Sendable, Comparable {
  package let number: Int

  package init(_ number: Int) { self.number = number }

  package static func < (left: Instance, right: Instance) -> Bool { left.number < right.number }
}

/// A server that ended of its own accord.
package struct Death: Hashable, Sendable {
  package let instance: Instance
  /// Worded for a person: "exited with status 1", "killed by signal 9".
  package let reason: String

  package init(instance: Instance, reason: String) {
    self.instance = instance
    self.reason = reason
  }
}

/// What is left of a model that gave the GPU up.
package enum Residence: Hashable, Sendable {
  /// The process lives on, asleep; a wake is cheap.
  case asleep
  /// Nothing is left; a wake is a cold start.
  case stopped
}

/// What a model's server process is doing.
package enum ProcessState: String, Sendable {
  case stopped, starting, running, stopping
  /// Somebody else's process: neither started nor stopped by us.
  case external
}

/// Why a runtime could not do what it was told.
package struct RuntimeFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Names what was tried, what was found and what was expected.
  package let message: String
  package let cause: Cause

  /// What kept it from being done, as far as that has a name of its own.
  package enum Cause: Sendable {
    case timedOut
    /// Nobody who could do it was reached in time.
    case unreachable
    /// The server ended in the middle of it.
    case serverEnded
    case other
  }

  package init(_ message: String, _ cause: Cause = .other) {
    self.message = message
    self.cause = cause
  }

  package var description: String { message }
}
