internal import Core

/// A line of a recording: one request that a daemon served.
struct Recording: Decodable {
  let at: Double
  let model: String
  let serviceSecs: Double

  enum CodingKeys: String, CodingKey {
    case at, model
    case serviceSecs = "service_secs"
  }

  /// Reads JSON lines; empty ones are passed over. The models are those that are asked for, in the order in which each
  /// first is.
  /// - Parameter file: where the text was read, for messages.
  /// - Throws: what is wrong in which line.
  static func workload(_ bytes: [UInt8], file: String, name: String) throws(TraceFault) -> Workload {
    var indices: [String: Int] = [:]
    var names: [String] = []
    var requests: [Workload.Request] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where line.contains(where: { $0 > UInt8(ascii: " ") }) {
      let entry = try TraceFile.decode(Recording.self, Array(line), file: file, line: index + 1)
      if indices[entry.model] == nil {
        indices[entry.model] = names.count
        names.append(entry.model)
      }
      requests.append(
        Workload.Request(
          at: try TraceFile.duration(entry.at, "\(file):\(index + 1): at"), model: indices[entry.model] ?? 0,
          work: try TraceFile.duration(entry.serviceSecs, "\(file):\(index + 1): service_secs")))
    }
    guard !requests.isEmpty else { throw TraceFault("\(file): has no request in it") }
    var workload = Workload(name: name, models: names.map { ModelID($0) })
    workload.requests = requests
    return workload
  }
}
