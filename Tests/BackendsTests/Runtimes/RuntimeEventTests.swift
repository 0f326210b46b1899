import Core
import Synchronization
import Testing

@testable import Backends

extension ProcessTests {
  /// What those who measure are told.
  @Suite struct RuntimeEventTests {
    let site: Site
    private let told = Told()

    /// The events without their times, which differ from run to run.
    private final class Told: Sendable {
      private let lines = Mutex<[String]>([])

      var all: [String] { lines.withLock { $0 } }

      func note(_ model: ModelID, _ event: RuntimeEvent) {
        let (line, duration) =
          switch event {
          case .woke(let kind, let duration): ("\(model): \(kind.rawValue)", duration)
          case .stepTaken(let operation, let step, let duration): ("\(model): \(operation) \(step)", duration)
          }
        lines.withLock { $0.append(duration > .zero ? line : "\(line) in no time") }
      }
    }

    init() throws { site = try Site() }

    private var factory: RuntimeFactory {
      RuntimeFactory(
        installation: "test", loops: site.loops, timeline: site.timeline, logger: .silent, output: .silent,
        observer: told.note)
    }

    private func runtime(
      _ weights: Eviction.Weights, _ rules: [String: FakeServer.Rule] = [:]
    ) throws -> any ModelRuntime {
      let server = try FakeServer(rules)
      return try site.runtime(
        command: server.command, port: server.port, backend: .vllm, named: "qwen", from: factory
      ) { settings in
        settings.modelPath = "Qwen/Qwen3-14B"
        settings.eviction = Eviction(weights: weights, process: .keepRunning)
      }
    }

    @Test(arguments: [
      (Eviction.Weights.retain, ["qwen: cold_start", "qwen: resume"]),
      (.offload, ["qwen: cold_start", "qwen: sleep 1", "qwen: wake 1", "qwen: wake_l1"]),
      (
        .discard,
        ["qwen: cold_start", "qwen: sleep 1", "qwen: wake 1", "qwen: wake 2", "qwen: wake 3", "qwen: wake_l2"]
      ),
    ])
    func `a wake is told with what it began from, and each step with its place`(
      weights: Eviction.Weights, expected: [String]
    ) async throws {
      let runtime = try runtime(weights)
      _ = try await runtime.wake()
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      _ = try await runtime.wake()
      #expect(told.all == expected)
      try await runtime.stop()
    }

    @Test func `a step that fails is told, and a wake that fails is not`() async throws {
      let runtime = try runtime(.discard, ["/collective_rpc": .status(500, "")])
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(told.all == ["qwen: cold_start", "qwen: sleep 1", "qwen: wake 1", "qwen: wake 2"])
      try await runtime.stop()
    }

    @Test func `the wake of a server that somebody else runs is a resumption`() async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(
        command: [], port: server.port, backend: .attached, named: "qwen", from: factory)
      try await site.withServer(server) { _ in _ = try await runtime.wake() }
      #expect(told.all == ["qwen: resume"])
    }
  }
}
