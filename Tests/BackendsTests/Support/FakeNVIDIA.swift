import Core
import Foundation

@testable import Backends

/// A GPU, `cuda-checkpoint` and `criu` for machines without any of them: a directory with the stand-ins of scripts/fakes,
/// a file that stands for the GPU's, and what everyone was told, in one order.
final class FakeNVIDIA: Sendable {
  private let ground: TemporaryDirectory

  init() throws {
    ground = try TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory + "/dev", withIntermediateDirectories: true)
    let fakes = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../scripts/fakes")
      .standardizedFileURL.path()
    for program in ["criu", "cuda-checkpoint"] {
      let link = directory + "/" + program
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "\(fakes)/\(program)")
    }
    try Data(count: 4096).write(to: URL(filePath: device))
  }

  var directory: String { ground.path }
  var device: String { directory + "/dev/nvidia0" }
  var devicePrefix: String { directory + "/dev/nvidia" }
  var imagesDirectory: String { directory + "/images" }

  var settings: CheckpointSettings {
    var settings = CheckpointSettings()
    settings.criu = directory + "/criu"
    settings.pluginDirectory = "/plugins"
    settings.imagesDirectory = imagesDirectory
    settings.cudaCheckpoint = directory + "/cuda-checkpoint"
    return settings
  }

  /// A server with two processes that use the GPU, besides the one that answers.
  func server(_ rules: [String: FakeServer.Rule] = [:]) throws -> FakeServer {
    var server = try FakeServer(rules)
    server.gpu = FakeServer.GPU(device: device, workers: 2, calls: directory + "/calls")
    return server
  }

  /// From now on these calls fail: "lock 2" the second lock, "dump", "restore".
  func fail(_ calls: String...) throws {
    try calls.joined(separator: "\n").write(toFile: directory + "/fail", atomically: true, encoding: .utf8)
  }

  /// What everyone was told since the last time: the server's requests without the repetitions of a look, the programs'
  /// arguments with the processes and the paths named.
  func takeCalls() -> [String] {
    let path = directory + "/calls"
    let lines = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    try? FileManager.default.removeItem(atPath: path)
    let workers = Set(lines.compactMap(pid(of:))).sorted()
    let calls = lines.map { line in
      var line = line.replacing(directory, with: "")
      for (index, worker) in workers.enumerated() { line = line.replacing("--pid \(worker)", with: "\(index + 1)") }
      if let tree = line.range(of: "--tree ") { line.replaceSubrange(tree.upperBound..., with: "LEADER") }
      return line.replacing("cuda-checkpoint --action ", with: "").replacing(#/ --timeout \d+$/#, with: "")
    }
    return zip(calls, [""] + calls).filter { $0 != $1 }.map(\.0)
  }

  /// The processes whose state is not "running".
  var offGPU: [Int32: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    var states: [Int32: String] = [:]
    for name in names where name.hasPrefix("state.") {
      let state = try? String(contentsOfFile: directory + "/" + name, encoding: .utf8)
      if let pid = Int32(name.dropFirst(6)), state != "running" { states[pid] = state }
    }
    return states
  }

  private func pid(of line: String) -> Int? {
    guard line.hasPrefix("cuda-checkpoint"), let option = line.range(of: "--pid ") else { return nil }
    return Int(line[option.upperBound...].prefix { $0.isNumber })
  }
}
