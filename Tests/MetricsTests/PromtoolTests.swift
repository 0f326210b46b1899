import Foundation
import TestSupport
import Testing

@testable import Metrics

/// Prometheus' own checker, where it is installed.
private let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

@Suite struct `Prometheus' own checker` {
  @Test(.enabled(if: promtool != nil, "promtool is not installed"))
  func `finds no fault in a registry of every type`() async throws {
    let registry = Registry()
    let requests: Family<Counter, String, Outcome> = registry.counter(
      "switcher_requests_total", help: #"Requests, "quoted" \ and so on."#, labels: "model", "outcome")
    let wait: Family<Histogram, String> = registry.histogram(
      "switcher_request_queue_wait_seconds", help: "Time in the queue.", buckets: .queueWait, labels: "model")
    requests.create(every: ["qwen", "C:\\models\\\"phi\"\n"], Outcome.allCases)
    wait["qwen"].observe(.milliseconds(1))
    registry.addProcessMetrics()
    registry.addRegistryMetrics(prefix: "switcher_")

    let output = try await check(await registry.render())
    #expect(output.status == 0, "\(output.text)")
    #expect(output.text == "")
  }

  private func check(_ exposition: [UInt8]) async throws -> (status: Int32?, text: String) {
    let program = try SpawnedProgram(["sh", "-c", "exec \"$0\" check metrics 2>&1", try #require(promtool)])
    let text = try await aside { [input = program.input, output = program.output] in
      try input.write(contentsOf: exposition)
      try input.close()
      return try output.readToEnd() ?? Data()
    }
    return (await program.exitStatus, String(decoding: text, as: UTF8.self))
  }
}
