internal import Core

/// What a model server's life consists of, whichever backend it came from: how it starts, how it sleeps and how it ends.
struct ServerPlan: Sendable {
  let upstream: Upstream
  /// Nil for a server that somebody else runs.
  let launch: Launch?
  let healthPath: String
  let warmsUp: Bool
  /// What `sleep(nil)` does.
  let eviction: Eviction
  /// How the server sleeps while its process lives on, by what becomes of the weights; what is absent, it can't do.
  let sleepModes: [Eviction.Weights: SleepMode]
  let startupTimeout: Duration
  let sleepTimeout: Duration
  let wakeTimeout: Duration
  let checkpointing: Checkpointing
  /// Whether the GPUs' connections among themselves are taken down before the process is frozen, as it must be where
  /// several work on one model.
  var suspendsNCCL = false
}

/// How a child process is started and ended.
struct Launch: Sendable, Equatable {
  /// The program, looked up in PATH, and its arguments; never empty.
  let command: [String]
  /// Added to the daemon's own environment.
  let environment: [String: String]
  let stopGrace: Duration
  /// What becomes of what the program leaves behind when it ends by itself.
  var remains = Remains.ended
  /// The file that its output is appended to, so that it can be checkpointed: a restored process has no pipe of ours. Nil:
  /// a pipe.
  var outputFile: String?

  /// What becomes of what a program leaves behind.
  enum Remains: Sendable {
    /// So it is with a server.
    case ended
    /// So it is with a command that starts something and returns.
    case spared
    /// It is the server, which the program has brought back from a checkpoint.
    case adopted
  }

  /// What is left of the grace when the daemon dies: its successor may be waiting for the port and the GPU.
  static let orphanGrace: Duration = .seconds(2)
}

/// One way of sleeping and how to wake from it.
struct SleepMode: Sendable, Equatable {
  let sleepSteps: [ControlStep]
  let wakeSteps: [ControlStep]
  let proof: Proof
  let wakeKind: WakeKind

  /// What `GET /is_sleeping` is asked for after the steps; a 200 from a control route proves little.
  enum Proof: Sendable {
    /// Nothing is done, so there is nothing to prove.
    case none
    /// Asked, and believed where the server knows the route.
    case ifOffered
    /// The server must know the route.
    case required
  }

  /// The weights stay on the GPU and nothing is said to the server.
  static let idle = SleepMode(sleepSteps: [], wakeSteps: [], proof: .none, wakeKind: .resume)
}
