import Core
import Foundation
import Testing

@testable import Backends

/// The driver's own calls, against a library built here.
struct CUDADriverTests {
  private let timeline = SystemTimeline()

  @Test func `each call reaches the driver, and its state is read back`() async throws {
    let library = try await StandInDriver()
    let driver = try CUDADriver(library: library.path, timeline: timeline)
    #expect(try await driver.state(of: 7) == .running)
    let expected: [(CUDAAction, CUDAState)] = [
      (.lock, .locked), (.checkpoint, .checkpointed), (.restore, .locked), (.unlock, .running),
    ]
    for (action, state) in expected {
      try await driver.carryOut(action, on: 7, within: .milliseconds(600_500))
      #expect(try await driver.state(of: 7) == state)
      #expect(action.goal == state)
    }
    #expect(library.calls == ["lock 7 600500 clean", "checkpoint 7", "restore 7", "unlock 7"])
  }

  @Test func `a driver that insists on it is initialised, once`() async throws {
    let library = try await StandInDriver("-DNEEDS_INIT")
    let driver = try CUDADriver(library: library.path, timeline: timeline)
    try await driver.carryOut(.lock, on: 7, within: .seconds(600))
    try await driver.carryOut(.unlock, on: 7, within: .seconds(600))
    #expect(library.calls == ["lock 7 600000 clean", "init 0", "lock 7 600000 clean", "unlock 7"])
  }

  @Test(
    arguments: [
      (.lock, "lock", "cuCheckpointProcessLock of process 7 returned CUDA_ERROR_OPERATING_SYSTEM (304)"),
      (.checkpoint, "", "cuCheckpointProcessCheckpoint of process 7 returned 1"),
    ] as [(CUDAAction, String, String)])
  func `a failure names the call, the process and the result`(
    action: CUDAAction, failing: String, message: String
  ) async throws {
    let library = try await StandInDriver("-DFAIL=\"\(failing)\"")
    let driver = try CUDADriver(library: library.path, timeline: timeline)
    await #expect(throws: RuntimeFailure(message)) { try await driver.carryOut(action, on: 7, within: .seconds(600)) }
  }

  @Test func `a state that can't be had is a failure`() async throws {
    let library = try await StandInDriver("-DFAIL=\"state\"")
    let driver = try CUDADriver(library: library.path, timeline: timeline)
    await #expect(throws: RuntimeFailure("cuCheckpointProcessGetState of process 7 returned 400")) {
      try await driver.state(of: 7)
    }
  }

  @Test func `a library without the calls is refused`() async throws {
    let library = try await StandInDriver("-DTOO_OLD")
    let message = "\(library.path) has no cuCheckpointProcess calls: it is older than CUDA 12.8"
    #expect(throws: RuntimeFailure(message)) { try CUDADriver(library: library.path, timeline: timeline) }
    let failure = #expect(throws: RuntimeFailure.self) {
      try CUDADriver(library: "/no/such/libcuda.so.1", timeline: timeline)
    }
    #expect(failure?.message.contains("/no/such/libcuda.so.1") == true)
  }
}

extension ProcessTests {
  @Suite struct DriverSuspensionTests {
    let site: Site
    let nvidia: FakeNVIDIA

    init() throws {
      site = try Site()
      nvidia = try FakeNVIDIA()
    }

    private func runtime(_ library: String, _ program: String) throws -> any ModelRuntime {
      let server = try nvidia.server()
      return try site.runtime(
        command: server.command, port: server.port, from: site.factory(nvidia, library: library)
      ) {
        $0.eviction = Eviction(weights: .retain, process: .cudaSuspend)
        $0.checkpoint.cudaCheckpoint = program
      }
    }

    @Test func `the driver's own calls are made where it has them`() async throws {
      let library = try await StandInDriver()
      let runtime = try runtime(library.path, "cuda-checkpoint")
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      _ = try await runtime.wake()
      let actions = library.calls.map { $0.prefix { $0 != " " } }
      #expect(
        actions == ["lock", "lock", "checkpoint", "checkpoint", "restore", "restore", "unlock", "unlock"])
      let processes = Set(library.calls.compactMap { Int32($0.split(separator: " ")[1]) })
      #expect(processes.count == 2 && processes.isSubset(of: site.tree.living))
      #expect(nvidia.takeCalls() == [])
      try await runtime.stop()
    }

    @Test func `a program that is configured with its path goes before the driver`() async throws {
      let library = try await StandInDriver()
      let runtime = try runtime(library.path, nvidia.directory + "/cuda-checkpoint")
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      #expect(nvidia.takeCalls() == ["lock 1", "lock 2", "checkpoint 1", "checkpoint 2"])
      #expect(library.calls == [])
      try await runtime.stop()
    }

    @Test func `a program that is not there fails the sleep`() async throws {
      let runtime = try runtime("/no/such/library", "no-such-cuda-checkpoint")
      _ = try await runtime.wake()
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      #expect(failure?.message.hasPrefix("no-such-cuda-checkpoint --get-state --pid ") == true)
      #expect(failure?.message.hasSuffix("not executed: No such file or directory") == true)
      try await runtime.stop()
    }
  }
}
