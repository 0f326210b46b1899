import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// A program that brings a server into being and leaves, as a restore from a checkpoint does.
  @Suite struct AdoptionTests {
    let site: Site

    init() throws { site = try Site() }

    private func restore(_ script: String) -> ChildProcess {
      let launch = Launch(
        command: ["sh", "-c", script], environment: site.tree.environment, stopGrace: .seconds(10), remains: .adopted)
      return site.programs.start(launch, OutputSink(logger: site.log.logger))
    }

    @Test func `what the program leaves behind is the server from then on`() async throws {
      let process = restore("sleep 1000 & exit 0")
      let leader = try #require(await process.leader.value())
      #expect(await holds { site.tree.living == [leader] })
      #expect(process.exit.current == nil)
      kill(leader, SIGKILL)
      #expect(await process.exit.value() == .killed(signal: 9))
      try await process.stop(grace: .zero)
    }

    @Test func `a stop ends the adopted server and all below it`() async throws {
      let process = restore("setsid sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000 & wait' & exit 0")
      _ = await process.leader.value()
      #expect(await holds { site.tree.living.count == 3 })
      try await process.stop(grace: .milliseconds(200))
      #expect(site.tree.living.isEmpty)
    }

    @Test(arguments: [("sleep 1000 & exit 3", ProcessEnd.exited(status: 3)), ("exit 0", .exited(status: 0))])
    func `a program that fails or leaves nobody behind is an end`(script: String, end: ProcessEnd) async throws {
      let process = restore(script)
      #expect(await process.exit.value() == end)
      _ = await process.end.value()
      #expect(process.leader.current == nil)
      #expect(site.tree.living.isEmpty)
    }

    @Test func `an order to end that comes before the adoption holds for the adopted`() async throws {
      let process = restore("trap 'sleep 1000 & exit 0' TERM; echo ready; while true; do sleep 0.01; done")
      _ = await site.log.line { $0 == "ready" }
      try await process.stop(grace: .seconds(4))
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a server's file gets its output and its errors at the end, and nothing is lost`() async throws {
      let path = FileManager.default.temporaryDirectory.path() + "switcher-output-" + UUID().uuidString
      defer { try? FileManager.default.removeItem(atPath: path) }
      try "of an earlier life\n".write(toFile: path, atomically: true, encoding: .utf8)
      let script = """
        echo one; echo two >&2; grep flags /proc/self/fdinfo/1
        i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; printf last
        """
      let launch = Launch(
        command: ["sh", "-c", script], environment: site.tree.environment, stopGrace: .seconds(10), outputFile: path)
      let process = site.programs.start(launch, OutputSink(logger: site.log.logger))
      #expect(await process.exit.value() == .exited(status: 0))
      let tail = await process.lastLines
      #expect(tail.suffix(2) == ["line 299", "last"])
      let lines = site.log.messages
      #expect(lines.prefix(2) == ["one", "two"])
      let flags = try #require(lines.dropFirst(2).first?.split(separator: "\t").last.flatMap { Int32($0, radix: 8) })
      #expect(flags & (O_ACCMODE | O_APPEND) == O_WRONLY | O_APPEND)
      #expect(lines.count == 304)
    }

    @Test func `a file that has grown large is cut, and what follows is read`() throws {
      let path = FileManager.default.temporaryDirectory.path() + "switcher-output-" + UUID().uuidString
      defer { try? FileManager.default.removeItem(atPath: path) }
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      let writer = try #require(FileHandle(forUpdatingAtPath: path))
      var file = OutputFile(path)
      var count = 0
      try writer.write(contentsOf: Data(count: 17 << 20))
      file.readNew { count += $0.count }
      #expect(count == 17 << 20)
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == 0)
      try writer.truncate(atOffset: 0)
      try writer.write(contentsOf: Data("more".utf8))
      var rest: [UInt8] = []
      file.readNew { rest += $0 }
      #expect(rest == Array("more".utf8))
    }
  }
}
