import Backends
import Core
import Foundation
import Testing

@testable import Server

struct ExampleConfigurationTests {
  private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../examples").standardizedFileURL

  /// The examples' files, and the backends of their models in order.
  private static let examples: [String: [Backend]] = [
    "vllm-level1.json": [.vllm, .vllm],
    "vllm-level2.json": [.vllm, .vllm],
    "vllm-mixed.json": [.vllm, .vllm, .vllm],
    "vllm-step-timeouts.json": [.command, .command],
    "sglang.json": [.sglang, .sglang],
    "llama-cpp.json": [.llamaCpp, .llamaCpp],
    "llama-cpp-router.json": [.llamaCpp, .llamaCpp],
    "ollama.json": [.ollama, .ollama, .ollama],
    "hooks-podman-criu.json": [.hooks, .hooks],
    "hf-endpoints.json": [.hfEndpoint, .hfEndpoint],
    "router-only.json": [.attached, .attached],
  ]

  private func load(_ name: String, token: String = "hf_example") throws(ConfigurationFaults) -> Configuration {
    try ConfigurationLoader(
      environment: ["HF_TOKEN": token], executable: "/opt/switcher", ports: FreePorts(), overrides: Overrides()
    ).load(from: Self.directory.appending(path: name).path)
  }

  @Test func `each example is known here`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    #expect(Set(files) == Set(Self.examples.keys))
  }

  @Test(arguments: examples.keys.sorted())
  func `each example is valid, and all of it takes effect`(name: String) throws {
    let configuration = try load(name)
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.models.map(\.backend.backend) == Self.examples[name])
    for model in configuration.models { #expect(model.backend.faults().isEmpty) }
  }

  @Test(arguments: examples.keys.sorted())
  func `what is printed of an example has the same effect`(name: String) throws {
    let configuration = try load(name, token: "*****")
    let again = try ConfigurationText(configuration.printed()).load()
    #expect(again.models.map(\.backend.backend) == configuration.models.map(\.backend.backend))
    #expect(again.printed() == configuration.printed())
  }

  @Test func `the endpoints stand in for each other, and their token is masked`() throws {
    let configuration = try load("hf-endpoints.json")
    #expect(configuration.models.map(\.fallback) == ["gpt-oss-20b", nil])
    #expect(configuration.models.map(\.backend.endpoint?.token) == ["hf_example", "hf_example"])
    #expect(!configuration.printed().contains("hf_example"))
  }

  @Test func `the level 2 of the example's policy holds for both of its models`() throws {
    let evictions = try load("vllm-level2.json").models.map(\.backend.eviction?.description)
    #expect(evictions == ["discard+keep_running", "discard+keep_running"])
  }
}
