import Backends
import Core
import Foundation
import HTTP
import Testing

@testable import Server

struct ShippedConfigurationTests {
  private static let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../config.json")
    .standardizedFileURL.path

  private func load() throws -> Configuration {
    try ConfigurationLoader(
      environment: ["TMPDIR": "/scratch"], executable: "/opt/switcher", ports: FreePorts(), overrides: Overrides()
    ).load(from: Self.path)
  }

  @Test func `it serves three models with stand-ins that share one GPU`() throws {
    let configuration = try load()
    #expect(configuration.listen.description == "127.0.0.1:3000")
    #expect(configuration.adminListen?.description == "127.0.0.1:3001")
    #expect(configuration.models.count == 3)
    for model in configuration.models {
      let command = model.backend.command
      #expect(command.prefix(2) == ["/opt/switcher", "stub-engine"])
      let parsed = try Command(parsing: Array(command.dropFirst()), environment: [:])
      guard case .stubEngine(let options) = parsed else {
        Issue.record("found \(parsed)")
        continue
      }
      #expect(options.port == model.backend.upstream.origin.port)
      #expect(options.model == model.id.name)
      #expect(options.gpuFile == "/scratch/switcher-gpu.lock")
      #expect(options.startTime <= .seconds(3))
    }
  }

  @Test func `its models give the GPU up in three ways`() throws {
    let backends = try load().models.map(\.backend)
    #expect(
      backends.map(\.eviction?.description) == ["offload+keep_running", "discard+keep_running", "retain+stop"])
    #expect(backends.map { $0.wakeSteps.count } == [1, 3, 0])
    #expect(backends[1].wakeSteps[1].requests.first?.body == #"{"method":"reload_weights"}"#)
  }
}
