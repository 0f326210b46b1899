internal import Core

/// A trace in JSON: `requests` as [seconds, model, work seconds], `sessions` with turns of
/// [model, work seconds, think seconds], and what the models and their callers are like.
struct Trace: Decodable {
  struct Session: Decodable {
    let startS: Double
    let turns: [[Double]]

    enum CodingKeys: String, CodingKey {
      case startS = "start_s"
      case turns
    }
  }

  let name: String?
  let models: Int
  let slots: Int?
  let batchSlowdown: Double?
  let requestTimeoutS: Double?
  let minActiveS: Double?
  let requests: [[Double]]?
  let sessions: [Session]?

  enum CodingKeys: String, CodingKey {
    case name, models, slots
    case batchSlowdown = "batch_slowdown"
    case requestTimeoutS = "request_timeout_s"
    case minActiveS = "min_active_s"
    case requests, sessions
  }

  /// - Parameters:
  ///   - file: where the text was read, for messages.
  ///   - name: what the workload is called unless the trace says.
  /// - Throws: what is wrong where.
  static func workload(_ bytes: [UInt8], file: String, name: String) throws(TraceFault) -> Workload {
    let trace = try TraceFile.decode(Trace.self, bytes, file: file)
    return try trace.workload(file: file, name: name)
  }

  private func workload(file: String, name: String) throws(TraceFault) -> Workload {
    let models = try within(1...10_000, models, "\(file): models")
    var workload = Workload(name: self.name ?? name, models: Workload.models(models))
    if let slots { workload.slots = try within(1...1_000_000, slots, "\(file): slots") }
    if let batchSlowdown {
      workload.batchSlowdown = try within(0...1000, batchSlowdown, "\(file): batch_slowdown")
    }
    if let requestTimeoutS {
      workload.requestTimeout = try TraceFile.duration(requestTimeoutS, "\(file): request_timeout_s")
    }
    if let minActiveS { workload.minActive = try TraceFile.duration(minActiveS, "\(file): min_active_s") }
    for (index, values) in (requests ?? []).enumerated() {
      workload.requests.append(try request(values, "\(file): requests[\(index)]"))
    }
    for (index, session) in (sessions ?? []).enumerated() {
      workload.sessions.append(try self.session(session, "\(file): sessions[\(index)]"))
    }
    return workload
  }

  private func request(_ values: [Double], _ place: @autoclosure () -> String) throws(TraceFault) -> Workload.Request {
    guard values.count == 3 else {
      throw TraceFault("\(place()): found \(values.count) numbers, expected [at, model, work]")
    }
    return Workload.Request(
      at: try TraceFile.duration(values[0], "\(place())[0]"), model: try model(values[1], "\(place())[1]"),
      work: try TraceFile.duration(values[2], "\(place())[2]"))
  }

  private func session(_ session: Session, _ place: @autoclosure () -> String) throws(TraceFault) -> Workload.Session {
    let start = try TraceFile.duration(session.startS, "\(place()).start_s")
    var turns: [Workload.Session.Turn] = []
    for (index, values) in session.turns.enumerated() {
      guard values.count == 3 else {
        throw TraceFault("\(place()).turns[\(index)]: found \(values.count) numbers, expected [model, work, think]")
      }
      turns.append(
        Workload.Session.Turn(
          model: try model(values[0], "\(place()).turns[\(index)][0]"),
          work: try TraceFile.duration(values[1], "\(place()).turns[\(index)][1]"),
          think: try TraceFile.duration(values[2], "\(place()).turns[\(index)][2]")))
    }
    return Workload.Session(start: start, turns: turns)
  }

  private func model(_ number: Double, _ place: @autoclosure () -> String) throws(TraceFault) -> Int {
    if let index = Int(exactly: number), (0..<models).contains(index) { return index }
    throw TraceFault("\(place()): found model \(number), expected 0 to \(models - 1)")
  }

  private func within<Number: Comparable>(
    _ range: ClosedRange<Number>, _ number: Number, _ place: String
  ) throws(TraceFault) -> Number {
    if range.contains(number) { return number }
    throw TraceFault("\(place): found \(number), expected \(range.lowerBound) to \(range.upperBound)")
  }
}
