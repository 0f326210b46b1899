internal import Core

/// Requests to be simulated: when each comes, for which model, and how much work it is.
struct Workload: Sendable {
  struct Request: Hashable, Sendable {
    let at: Duration
    /// An index into `models`.
    let model: Int
    /// How long it takes on a model that has nothing else to do.
    let work: Duration
  }

  /// A conversation: each turn comes some time after the one before was answered or turned away.
  struct Session: Hashable, Sendable {
    struct Turn: Hashable, Sendable {
      let model: Int
      let work: Duration
      /// Between the end of the turn before and this one's arrival; of no meaning for the first.
      let think: Duration
    }

    let start: Duration
    let turns: [Turn]
  }

  let name: String
  /// In the order that breaks ties.
  let models: [ModelID]
  /// How many requests a model serves at a time.
  var slots = 16
  /// By how much each further request on a model slows all of them down.
  var batchSlowdown = 0.0
  var requestTimeout = Duration.seconds(300)
  /// The least time that a model stays awake, where a policy's options don't say.
  var minActive = Duration.seconds(5)
  var requests: [Request] = []
  var sessions: [Session] = []
}

extension Workload {
  /// As many models as that, named by their indices: "0", "1", …
  static func models(_ count: Int) -> [ModelID] { (0..<count).map { ModelID(String($0)) } }
}
