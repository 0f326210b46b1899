internal import Core

/// A line of a recording: one request that a daemon met.
struct Recording: Decodable, Hashable {
  /// When it came, in seconds since the first one.
  let at: Double
  let model: String
  /// From its grant to the answer's last byte; nil where it was never granted.
  let serviceSecs: Double?

  enum CodingKeys: String, CodingKey {
    case at, model
    case serviceSecs = "service_secs"
  }

  /// The line as it is written, its end included; times are in whole microseconds.
  var line: String {
    var members = [JSONValue.Member("at", .number(at)), JSONValue.Member("model", .string(model))]
    if let serviceSecs { members.append(JSONValue.Member("service_secs", .number(serviceSecs))) }
    return JSONValue.object(members).serialized() + "\n"
  }
}

extension Recording {
  init(at: Duration, model: ModelID, service: Duration?) {
    self.init(at: Self.microseconds(at), model: model.name, serviceSecs: service.map(Self.microseconds))
  }

  private static func microseconds(_ duration: Duration) -> Double { Double(duration.nanoseconds / 1000) / 1_000_000 }
}

// MARK: Reading

extension Recording {
  /// Reads JSON lines in any order; empty ones are passed over. The models are those that are asked for, in the order in
  /// which each first is. What was never granted is given the mean service of its model, else that of all.
  /// - Parameter file: where the text was read, for messages.
  /// - Throws: what is wrong in which line.
  static func workload(_ bytes: [UInt8], file: String, name: String) throws(TraceFault) -> Workload {
    var requests: [(at: Duration, model: String, service: Duration?)] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where line.contains(where: { $0 > UInt8(ascii: " ") }) {
      let entry = try TraceFile.decode(Recording.self, Array(line), file: file, line: index + 1)
      let at = try TraceFile.duration(entry.at, "\(file):\(index + 1): at")
      var service: Duration?
      if let seconds = entry.serviceSecs {
        service = try TraceFile.duration(seconds, "\(file):\(index + 1): service_secs")
      }
      requests.append((at, entry.model, service))
    }
    guard !requests.isEmpty else { throw TraceFault("\(file): has no request in it") }
    guard let meanOfAll = mean(requests.compactMap(\.service)) else {
      throw TraceFault("\(file): no request in it has service_secs")
    }
    requests.sort { $0.at < $1.at }

    var indices: [String: Int] = [:]
    var names: [String] = []
    for request in requests where indices[request.model] == nil {
      indices[request.model] = names.count
      names.append(request.model)
    }
    let byModel = Dictionary(grouping: requests, by: \.model)
    let means = byModel.mapValues { mean($0.compactMap(\.service)) ?? meanOfAll }
    var workload = Workload(name: name, models: names.map { ModelID($0) })
    workload.requests = requests.map { request in
      Workload.Request(
        at: request.at, model: indices[request.model] ?? 0, work: request.service ?? means[request.model] ?? meanOfAll)
    }
    return workload
  }

  private static func mean(_ durations: [Duration]) -> Duration? {
    durations.isEmpty ? nil : durations.reduce(.zero, +) / durations.count
  }
}
