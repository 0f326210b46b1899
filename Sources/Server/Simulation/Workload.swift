internal import Core
internal import Foundation

/// Requests to be simulated: when each comes, for which model, and how much work it is.
struct Workload: Sendable {
  struct Request: Sendable {
    let at: Duration
    /// An index into `models`.
    let model: Int
    /// How long it takes on a model that has nothing else to do.
    let work: Duration
  }

  /// A conversation: each turn comes some time after the one before was answered or turned away.
  struct Session: Sendable {
    struct Turn: Sendable {
      let model: Int
      let work: Duration
      /// Between the end of the turn before and this one's arrival; of no meaning for the first.
      let think: Duration
    }

    let start: Duration
    let turns: [Turn]
  }

  let name: String
  let models: [ModelID]
  /// How many requests a model serves at a time.
  let slots: Int
  /// By how much each further request on a model slows all of them down.
  let batchSlowdown: Double
  let requestTimeout: Duration
  let minActive: Duration
  let requests: [Request]
  let sessions: [Session]
}

extension Workload {
  /// Reads a trace in JSON: `requests` as [seconds, model, work seconds], `sessions` with turns of
  /// [model, work seconds, think seconds].
  /// - Throws: `TraceFault`, which says what is wrong where.
  init(trace data: Data) throws {
    let trace: Trace
    do {
      trace = try JSONDecoder().decode(Trace.self, from: data)
    } catch {
      throw TraceFault("not a trace: \(error)")
    }
    guard trace.models > 0 else { throw TraceFault("models: found \(trace.models), expected at least 1") }
    let known = 0..<trace.models
    func model(_ number: Double, _ place: String) throws -> Int {
      guard let index = Int(exactly: number), known.contains(index) else {
        throw TraceFault("\(place): found model \(number), expected 0 to \(trace.models - 1)")
      }
      return index
    }
    name = trace.name
    models = known.map { ModelID(String($0)) }
    slots = trace.slots
    batchSlowdown = trace.batchSlowdown
    requestTimeout = .seconds(trace.requestTimeoutS)
    minActive = .seconds(trace.minActiveS)
    requests = try trace.requests.enumerated().map { index, values in
      guard values.count == 3 else { throw TraceFault("requests[\(index)]: expected [at, model, work]") }
      return Request(
        at: .seconds(values[0]), model: try model(values[1], "requests[\(index)]"), work: .seconds(values[2]))
    }
    sessions = try trace.sessions.enumerated().map { number, session in
      let turns = try session.turns.enumerated().map { turn, values in
        let place = "sessions[\(number)].turns[\(turn)]"
        guard values.count == 3 else { throw TraceFault("\(place): expected [model, work, think]") }
        return Session.Turn(model: try model(values[0], place), work: .seconds(values[1]), think: .seconds(values[2]))
      }
      return Session(start: .seconds(session.startS), turns: turns)
    }
  }

  private struct Trace: Decodable {
    struct Session: Decodable {
      let startS: Double
      let turns: [[Double]]

      enum CodingKeys: String, CodingKey {
        case startS = "start_s"
        case turns
      }
    }

    let name: String
    let models: Int
    let slots: Int
    let batchSlowdown: Double
    let requestTimeoutS: Double
    let minActiveS: Double
    let requests: [[Double]]
    let sessions: [Session]

    enum CodingKeys: String, CodingKey {
      case name, models, slots
      case batchSlowdown = "batch_slowdown"
      case requestTimeoutS = "request_timeout_s"
      case minActiveS = "min_active_s"
      case requests, sessions
    }
  }
}

/// What is wrong with a trace.
struct TraceFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
