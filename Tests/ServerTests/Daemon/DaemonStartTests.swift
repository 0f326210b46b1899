import Foundation
import HTTP
import TestSupport
import Testing

@testable import Backends

/// The daemon as the process that it is, from its start to its first request.
@Suite(.timeLimit(.minutes(10))) struct DaemonStartTests {
  private let loops: EventLoopGroup
  private let configuration = TemporaryFile()

  init() throws {
    loops = try EventLoopGroup(count: 1)
    let text = #"{"admin_listen":"127.0.0.1:0","models":{"a":{"url":"http://127.0.0.1:1"}}}"#
    try text.write(toFile: configuration.path, atomically: true, encoding: .utf8)
  }

  private func daemon(listeningOn address: String) async throws -> SwitcherProcess {
    try await SwitcherProcess("--config", configuration.path, "--listen", address, on: loops.next())
  }

  /// A process with the mark of an earlier run, as one bears that was restored from a checkpoint; handed over once it runs.
  private func withRestoredServer(_ script: String, _ body: (SpawnedProgram) async throws -> Void) async throws {
    let current = DaemonRun.current(of: URL(filePath: configuration.path).standardizedFileURL.path)
    let earlier = DaemonRun(
      process: ProcessIdentity(pid: current.process.pid, startTime: current.process.startTime - 1),
      namespace: current.namespace, installation: current.installation)
    let environment = ServerMark(number: 1, daemon: earlier).environment
    let process = try SpawnedProgram(
      ["sh", "-c", script], environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
    _ = try await process.firstByte()
    try await body(process)
  }

  @Test func `a second daemon on the same address ends with the reason, and nothing of the first one's`() async throws {
    let first = try await daemon(listeningOn: "127.0.0.1:0")
    let ready = try await first.errors.text(until: #""models":"#)
    let port = try #require(ready.firstMatch(of: /http:\/\/127.0.0.1:(\d+)/)?.1)
    try await withRestoredServer("echo up; exec sleep 1000") { server in
      let second = try await daemon(listeningOn: "127.0.0.1:\(port)")
      #expect(await second.status == 1)
      let reason = "cannot listen on 127.0.0.1:\(port): address already in use"
      #expect(try await second.errors.text(until: reason).contains(reason))
      #expect(ProcessStatus(of: server.pid) != nil)
    }
    first.terminate()
    #expect(await first.status == 0)
    await loops.shutdown()
  }
}
