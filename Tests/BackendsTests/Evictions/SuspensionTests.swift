import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// What goes wrong when processes are taken off the GPU and brought back.
  @Suite struct SuspensionTests {
    let site: Site
    let nvidia: FakeNVIDIA

    init() throws {
      site = try Site()
      nvidia = try FakeNVIDIA()
    }

    private func runtime() throws -> any ModelRuntime {
      let server = try nvidia.server()
      return try site.runtime(command: server.command, port: server.port, from: site.factory(nvidia)) {
        $0.eviction = Eviction(weights: .retain, process: .cudaSuspend)
        $0.checkpoint = nvidia.settings
      }
    }

    @Test(
      arguments: [
        ("lock 1", ["lock 1"]),
        ("lock 2", ["lock 1", "lock 2", "unlock 1"]),
        ("checkpoint 1", ["lock 1", "lock 2", "checkpoint 1", "unlock 2", "unlock 1"]),
        (
          "checkpoint 2",
          ["lock 1", "lock 2", "checkpoint 1", "checkpoint 2", "restore 1", "unlock 2", "unlock 1"]
        ),
      ])
    func `a suspension that fails leaves no process locked, and the server can be stopped`(
      failing: String, calls: [String]
    ) async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      try nvidia.fail(failing)
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      let action = failing.prefix { $0 != " " }
      let message = try #require(failure?.message)
      #expect(message.contains("/cuda-checkpoint --action \(action) --pid "))
      #expect(message.hasSuffix("exited with status 1; its last lines: Could not \(action): OS call failed"))
      #expect(nvidia.takeCalls() == calls)
      #expect(nvidia.offGPU == [:])
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test(
      arguments: [
        ("restore 1", ["restore 1"]), ("restore 2", ["restore 1", "restore 2", "unlock 1"]),
        ("unlock 1", ["restore 1", "restore 2", "unlock 1", "unlock 2", "unlock 1"]),
      ])
    func `a server that does not come back to the GPU is stopped and started cold`(
      failing: String, calls: [String]
    ) async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      _ = nvidia.takeCalls()
      try nvidia.fail(failing)
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.wake() }
      #expect(failure?.message.contains("--action \(failing.prefix { $0 != " " }) --pid ") == true)
      #expect(nvidia.takeCalls() == calls)
      #expect(!nvidia.offGPU.values.contains("locked"))
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `a worker that died while it was suspended fails the wake`() async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      let worker = try #require(nvidia.offGPU.keys.min())
      kill(worker, SIGKILL)
      #expect(await holds { processState(worker) ?? "Z" == "Z" })
      let message = "process \(worker) has ended, expected it alive for the restore"
      await #expect(throws: RuntimeFailure(message, .serverEnded)) { try await runtime.wake() }
      try await runtime.stop()
    }

    @Test func `a server that does not use the GPU has nothing to suspend`() async throws {
      let server = try FakeServer()
      let runtime = try site.runtime(command: server.command, port: server.port, from: site.factory(nvidia)) {
        $0.eviction = Eviction(weights: .retain, process: .cudaSuspend)
      }
      _ = try await runtime.wake()
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      #expect(failure?.message.hasPrefix("none of the server's processes has mapped \(nvidia.devicePrefix)*") == true)
      try await runtime.stop()
    }

    @Test func `a suspended server can be stopped, and its death is noticed`() async throws {
      let runtime = try runtime()
      let death = Task { await runtime.deaths.first { _ in true } }
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)

      #expect(try await runtime.wake() == Instance(2))
      _ = try await runtime.sleep(nil)
      for process in site.tree.living { kill(process, SIGKILL) }
      #expect(await death.value?.instance == Instance(2))
      #expect(await holds { await runtime.processState == .stopped })
    }

    @Test func `the processes of a tree are found, each told from a later one of its number`() async throws {
      let process = site.shell("sleep 1000 & sh -c 'sleep 1000 & echo ready; wait' & wait")
      _ = await site.log.line { $0 == "ready" }
      let root = try #require(process.root)
      let found = ProcessIdentity.descendants(of: root)
      #expect(Set(found.map(\.pid)) == Set(site.tree.living))
      #expect(found.first?.pid == process.leader.current)
      let allLive = found.allSatisfy(\.isAlive)
      #expect(allLive)
      try await process.stop(grace: .zero)
      let noneLives = found.allSatisfy { !$0.isAlive }
      #expect(noneLives)
      #expect(ProcessIdentity.descendants(of: root).isEmpty)
    }
  }
}
