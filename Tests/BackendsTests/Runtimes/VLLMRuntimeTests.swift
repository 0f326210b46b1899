import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// The preset as it drives a server that behaves like vLLM.
  @Suite struct VLLMRuntimeTests {
    let site: Site

    init() throws { site = try Site() }

    /// A program that takes vLLM's arguments and serves on the port that it is given.
    private func runtime(
      _ weights: Eviction.Weights, _ rules: [String: FakeServer.Rule] = [:]
    ) throws -> any ModelRuntime {
      let server = try FakeServer(rules)
      return try site.runtime(command: server.command, port: server.port, backend: .vllm) { settings in
        settings.modelPath = "Qwen/Qwen3-14B"
        settings.eviction = Eviction(weights: weights, process: .keepRunning)
      }
    }

    @Test func `offloaded weights come back with one step`() async throws {
      let runtime = try runtime(.offload)
      let instance = try await runtime.wake()
      #expect(try await runtime.sleep(nil) == .asleep)
      #expect(try await runtime.wake() == instance)
      await site.expectRequests(["POST /sleep?level=1", "GET /is_sleeping", "POST /wake_up", "GET /is_sleeping"])
      try await runtime.stop()
    }

    @Test func `checklist 43: discarded weights come back with three steps`() async throws {
      let runtime = try runtime(.discard)
      _ = try await runtime.wake()
      #expect(try await runtime.sleep(nil) == .asleep)
      _ = try await runtime.wake()
      await site.expectRequests([
        "POST /sleep?level=2", "GET /is_sleeping",
        "POST /wake_up", #"POST /collective_rpc {"method":"reload_weights"}"#, "POST /reset_prefix_cache",
        "GET /is_sleeping",
      ])
      try await runtime.stop()
    }

    @Test func `checklist 43: a failing reload fails the wake, and the caller can start afresh`() async throws {
      let runtime = try runtime(.discard, ["/collective_rpc": .status(500, "reload failed")])
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      let message = "wake step 2/3 failed: POST /collective_rpc returned 500: reload failed"
      await #expect(throws: RuntimeFailure(message)) { try await runtime.wake() }
      try await runtime.stop()
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `a prefix cache that can't be reset does not fail the wake`() async throws {
      let runtime = try runtime(.discard, ["/reset_prefix_cache": .status(500, "")])
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      #expect(try await runtime.wake() == Instance(1))
      try await runtime.stop()
    }

    @Test func `an order to sleep goes to a server once`() async throws {
      let runtime = try runtime(.offload)
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      #expect(try await runtime.sleep(Eviction(weights: .discard, process: .keepRunning)) == .asleep)
      await site.expectRequests(["POST /sleep?level=1", "GET /is_sleeping"])
      #expect(try await runtime.sleep(.default) == .stopped)
      #expect(site.tree.living.isEmpty)
    }
  }
}
