import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// What vLLM, the driver and CRIU are told, and in which order, for every way of giving the GPU up.
  @Suite struct EvictionOrderTests {
    let site: Site
    let nvidia: FakeNVIDIA

    init() throws {
      site = try Site()
      nvidia = try FakeNVIDIA()
    }

    private func runtime(_ eviction: Eviction, _ arguments: [String] = []) throws -> any ModelRuntime {
      let server = try nvidia.server()
      return try site.runtime(
        command: server.command, port: server.port, backend: .vllm, from: site.factory(nvidia)
      ) {
        $0.modelPath = "m"
        $0.extraArguments = arguments
        $0.eviction = eviction
        $0.checkpoint = nvidia.settings
      }
    }

    private static let asleep = "GET /is_sleeping"
    private static let level1 = (sleep: ["POST /sleep?level=1", asleep], wake: ["POST /wake_up", asleep])
    private static let level2 = (
      sleep: ["POST /sleep?level=2", asleep],
      wake: [
        "POST /wake_up", #"POST /collective_rpc {"method":"reload_weights"}"#, "POST /reset_prefix_cache", asleep,
      ]
    )
    private static let suspend = ["lock 1", "lock 2", "checkpoint 1", "checkpoint 2"]
    private static let resume = ["restore 1", "restore 2", "unlock 1", "unlock 2"]
    private static let common = "--shell-job --ext-unix-sk --tcp-established"
    private static let dump = [
      "criu dump \(common) --link-remap --ghost-limit 1048576 --enable-external-masters -L /plugins --timeout 300 "
        + "--images-dir /images/model --tree LEADER"
    ]
    private static let restore = [
      "criu restore \(common) --enable-external-masters -L /plugins --restore-detached --images-dir /images/model"
    ]

    @Test(
      arguments: [
        (.retain, .stop, [], []), (.offload, .stop, [], []), (.discard, .stop, [], []),
        (.retain, .keepRunning, [], []),
        (.offload, .keepRunning, level1.sleep, level1.wake),
        (.discard, .keepRunning, level2.sleep, level2.wake),
        (.retain, .cudaSuspend, suspend, resume),
        (.offload, .cudaSuspend, level1.sleep + suspend, resume + level1.wake),
        (.discard, .cudaSuspend, level2.sleep + suspend, resume + level2.wake),
        (.retain, .checkpoint, dump, restore),
        (.offload, .checkpoint, level1.sleep + dump, restore + level1.wake),
        (.discard, .checkpoint, level2.sleep + dump, restore + level2.wake),
      ] as [(Eviction.Weights, Eviction.ProcessStrategy, [String], [String])])
    func `each eviction takes its steps in order, and its wake takes them back`(
      weights: Eviction.Weights, process: Eviction.ProcessStrategy, sleep: [String], wake: [String]
    ) async throws {
      let runtime = try runtime(Eviction(weights: weights, process: process))
      _ = try await runtime.wake()
      let living = site.tree.living
      #expect(nvidia.takeCalls() == [])

      let residence = try await runtime.sleep(nil)
      #expect(nvidia.takeCalls() == sleep)
      #expect(residence == (process == .stop ? .stopped : .asleep))
      let endsProcess = process == .stop || process == .checkpoint
      #expect(site.tree.living == (endsProcess ? [] : living))
      #expect(await runtime.processState == (endsProcess ? .stopped : .running))

      let instance = try await runtime.wake()
      #expect(nvidia.takeCalls() == wake)
      #expect(instance == Instance(endsProcess ? 2 : 1))
      #expect(nvidia.offGPU == [:])
      #expect(site.tree.living.count == living.count)
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
    }

    @Test(arguments: [Eviction.ProcessStrategy.cudaSuspend, .checkpoint])
    func `the connections between GPUs go last and come first`(process: Eviction.ProcessStrategy) async throws {
      let runtime = try runtime(Eviction(weights: .offload, process: process), ["-tp", "2"])
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      let isSuspended = process == .cudaSuspend
      let down = ["POST /sleep?level=1", #"POST /collective_rpc {"method":"suspend_nccl"}"#, Self.asleep]
      #expect(nvidia.takeCalls() == down + (isSuspended ? Self.suspend : Self.dump))
      _ = try await runtime.wake()
      let up = [#"POST /collective_rpc {"method":"resume_nccl"}"#, "POST /wake_up", Self.asleep]
      #expect(nvidia.takeCalls() == (isSuspended ? Self.resume : Self.restore) + up)
      try await runtime.stop()
    }

    @Test(arguments: [
      ([], false), (["-tp", "1"], false), (["--tensor-parallel-size", "2"], true), (["--tensor-parallel-size=4"], true),
      (["-tp=2"], true), (["-tp"], false), (["-tp", "2", "-tp", "1"], false),
    ])
    func `how many GPUs a model has follows from vLLM's arguments`(arguments: [String], isTensorParallel: Bool) throws {
      let settings = exampleSettings(.vllm) {
        $0.modelPath = "m"
        $0.extraArguments = arguments
      }
      #expect(try serverPlan(settings).suspendsNCCL == isTensorParallel)
    }

    @Test func `an eviction of one call goes before the configured one`() async throws {
      let runtime = try runtime(Eviction(weights: .offload, process: .keepRunning))
      _ = try await runtime.wake()
      #expect(try await runtime.sleep(Eviction(weights: .retain, process: .cudaSuspend)) == .asleep)
      #expect(nvidia.takeCalls() == Self.suspend)
      _ = try await runtime.wake()
      #expect(nvidia.takeCalls() == Self.resume)
      #expect(try await runtime.sleep(Eviction(weights: .discard, process: .keepRunning)) == .asleep)
      #expect(nvidia.takeCalls() == Self.level2.sleep)
      try await runtime.stop()
    }

    @Test func `a server that was not started for it is not checkpointed`() async throws {
      let runtime = try runtime(Eviction(weights: .offload, process: .keepRunning))
      _ = try await runtime.wake()
      let failure = await #expect(throws: RuntimeFailure.self) {
        try await runtime.sleep(Eviction(weights: .retain, process: .checkpoint))
      }
      #expect(failure?.message.hasPrefix("the server can't be checkpointed: its output goes to the daemon") == true)
      #expect(nvidia.takeCalls() == [])
      try await runtime.stop()
    }
  }
}
