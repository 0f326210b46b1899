import Core
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Backends

extension ProcessTests {
  /// Who is ended that nobody has a hold on any more, and who never is.
  @Suite struct OrphanTests {
    let site: Site

    init() throws { site = try Site() }

    /// A mark of this installation, of a run that is over: its process id is somebody else's now.
    private var orphanMark: ServerMark {
      let daemon = site.marks.daemon
      let process = ProcessIdentity(pid: daemon.process.pid, startTime: daemon.process.startTime - 1)
      return ServerMark(
        number: 1, daemon: DaemonRun(process: process, namespace: daemon.namespace, installation: daemon.installation))
    }

    /// A process that nobody will end, with its own mark and no hold of ours on it; handed to `body` once it runs.
    private func withProcess(
      _ script: String, marked mark: ServerMark?, _ body: (SpawnedProgram) async throws -> Void
    ) async throws {
      let environment = site.tree.environment.merging(mark?.environment ?? [:]) { $1 }
      let process = try SpawnedProgram(
        ["sh", "-c", script], environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
      // It has said something, so it is there with its environment.
      _ = try await process.firstByte()
      try await body(process)
    }

    @Test(arguments: ["exec sleep 1000", "trap '' TERM; while true; do sleep 1000; done", "kill -STOP $$; sleep 1000"])
    func `checklist 12: an orphan of an earlier run is ended at the start`(script: String) async throws {
      try await withProcess("echo up; \(script)", marked: orphanMark) { _ in
        await site.factory.endOrphans()
        #expect(site.tree.living.isEmpty)
        #expect(site.log.messages.contains("ended the orphans of an earlier run"))
      }
    }

    @Test func `a Python program that gives itself a title keeps its mark`() {
      // By setproctitle's own word; without the variable the title is written over the environment.
      #expect(orphanMark.environment["SPT_NOENV"] == "1")
    }

    enum Stranger: CaseIterable {
      case withoutMark, ofAnotherDaemon, ofALivingRun, ofAnotherNamespace

      func mark(_ orphan: ServerMark, living: DaemonRun) -> ServerMark? {
        switch self {
        case .withoutMark: nil
        case .ofAnotherDaemon:
          ServerMark(
            number: 1,
            daemon: DaemonRun(
              process: orphan.daemon.process, namespace: orphan.daemon.namespace,
              installation: orphan.daemon.installation + "/other.json"))
        case .ofALivingRun: ServerMark(number: 1, daemon: living)
        case .ofAnotherNamespace:
          ServerMark(
            number: 1,
            daemon: DaemonRun(
              process: orphan.daemon.process, namespace: "pid:[1]", installation: orphan.daemon.installation))
        }
      }
    }

    @Test(arguments: Stranger.allCases)
    func `a stranger survives the start, whatever its command line`(stranger: Stranger) async throws {
      let mark = stranger.mark(orphanMark, living: site.marks.daemon)
      try await withProcess("echo up; exec sleep 1000", marked: mark) { process in
        await site.factory.endOrphans()
        #expect(ProcessStatus(of: process.pid) != nil)
      }
    }

    @Test func `a stranger with the same command line survives start, stop and the end of everything`() async throws {
      try await withProcess("echo up; exec sleep 1000", marked: nil) { stranger in
        let factory = site.factory
        let runtime = try site.runtime(
          command: ["sh", "-c", "echo up; exec sleep 1000"], port: freePort(), from: factory)
        let start = Task { try await runtime.wake() }
        #expect(await site.log.line { $0 == "up" } == "up")
        try await runtime.stop()
        await factory.killAll()
        _ = await start.result
        #expect(site.tree.living == [stranger.pid])
      }
    }

    @Test func `a stranger survives the sweep after a shepherd was killed`() async throws {
      try await withProcess("echo up; exec sleep 1000", marked: site.marks.next()) { stranger in
        let process = site.shell("echo $PPID; sleep 1000")
        let shepherd = try #require(await site.log.line { Int32($0) != nil }.flatMap { Int32($0) })
        kill(shepherd, SIGKILL)
        _ = await process.end.value()
        #expect(site.tree.living == [stranger.pid])
      }
    }

    @Test func `a process that one look misses is found by the next`() async throws {
      try await withProcess("echo up; exec sleep 1000", marked: nil) { process in
        let looks = Atomic(0)
        let pid = process.pid
        let sweep = ProcessSweep(timeline: SystemTimeline()) { other in
          other.pid == pid && looks.add(1, ordering: .relaxed).newValue > 1
        }
        #expect(await sweep.run(grace: .zero) == (found: [pid], left: []))
      }
    }

    @Test func `a process whose parent ends between two looks is found all the same`() async throws {
      try await withProcess("sleep 1000 & echo up; wait", marked: nil) { process in
        let parent = process.pid
        let child = try #require(ProcessStatus.all.first { $0.parent == parent }).pid
        let sweep = ProcessSweep(timeline: SystemTimeline()) { other in
          guard other.pid == child else { return false }
          kill(parent, SIGKILL)
          while ProcessStatus(of: child)?.parent == parent { sched_yield() }
          return true
        }
        #expect(await sweep.run(grace: .zero) == (found: [child], left: []))
      }
    }

    @Test(arguments: ["/etc/switcher/config.json", "/a path/with = and spaces.json", ""])
    func `a mark reads as it was written`(path: String) {
      let daemon = DaemonRun(
        process: ProcessIdentity(pid: 12, startTime: 34), namespace: "pid:[4026531836]", installation: path)
      let mark = ServerMark(number: 5, daemon: daemon)
      #expect(ServerMark(mark.text) == mark)
    }

    @Test(arguments: ["", "1", "1 2 3 pid:[4]", "x 2 3 pid:[4] /path", "1 2 -3 pid:[4] /path"])
    func `what is no mark is none`(text: String) { #expect(ServerMark(text) == nil) }
  }
}
