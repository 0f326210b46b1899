import Core
import Foundation
import HTTP
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct ChildProcessTests {
    let site: Site

    init() throws { site = try Site() }

    @Test(arguments: [
      (["/no/such/program"], ProcessEnd.notExecuted(errno: ENOENT)),
      (["/etc/passwd"], .notExecuted(errno: EACCES)),
      (["sh", "-c", "exit 0"], .exited(status: 0)),
      (["sh", "-c", "exit 7"], .exited(status: 7)),
      (["sh", "-c", "kill -9 $$"], .killed(signal: 9)),
      (["sh", "-c", "kill -TERM $$"], .killed(signal: 15)),
    ])
    func `a process tells how it ended`(command: [String], status: ProcessEnd) async throws {
      let process = site.start(command)
      #expect(await process.exit.value() == status)
      try await process.stop(grace: .zero)
    }

    @Test func `a server gets three descriptors, and the daemon's environment with its own`() async {
      unsafe setenv("SWITCHER_SECRET", "hidden", 1)
      let leaked = unsafe open("/dev/null", O_RDONLY)
      defer { close(leaked) }
      let process = site.shell(
        """
        fd=0; while [ $fd -lt 100 ]; do [ -e /proc/$$/fd/$fd ] && echo fd $fd; fd=$((fd + 1)); done
        readlink /proc/$$/fd/0
        env | grep -c '^PATH='; env | grep '^TREE_MARK='; env | grep '^SWITCHER_' | cut -d= -f1; exit 0
        """)
      #expect(await process.exit.value() == .exited(status: 0))
      let lines = await process.lastLines
      #expect(lines == ["fd 0", "fd 1", "fd 2", "/dev/null", "1", "TREE_MARK=\(site.tree.mark)", ServerMark.variable])
    }

    @Test func `a server inherits no blocked and no ignored signal`() async throws {
      signal(SIGPIPE, SIG_IGN)
      let process = site.start(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])
      _ = await process.exit.value()
      // The signals from 32 on are the C library's own.
      let masks = try await process.lastLines.map { line in
        try #require(UInt64(line.split(separator: "\t")[1], radix: 16)) & 0x7fff_ffff
      }
      #expect(masks == [0, 0])
    }

    @Test func `checklist 7: a stopped server has its whole grace to end in its own way`() async throws {
      let process = site.shell("trap 'sleep 1; exit 3' TERM; echo ready; while true; do sleep 0.01; done")
      _ = await site.log.line { $0 == "ready" }
      try await process.stop(grace: .seconds(30))
      #expect(process.exit.current == .exited(status: 3))
    }

    @Test func `checklist 6: what a wrapper leaves behind has the same grace`() async throws {
      let process = site.shell(
        """
        sh -c 'trap "sleep 1; echo farewell; exit 0" TERM; echo ready; while true; do sleep 0.01; done' &
        wait
        """)
      _ = await site.log.line { $0 == "ready" }
      try await process.stop(grace: .seconds(30))
      #expect(process.exit.current == .killed(signal: 15))
      #expect(await process.lastLines.contains("farewell"))
      #expect(site.tree.living.isEmpty)
    }

    @Test func `checklist 5: nothing of a tree that ignores the order outlives its grace`() async throws {
      let process = site.shell(
        """
        trap '' TERM
        sleep 1000 & sleep 1000 & setsid sh -c 'trap "" TERM; sleep 1000 & echo ready; sleep 1000' &
        while true; do sleep 1000; done
        """)
      _ = await site.log.line { $0 == "ready" }
      #expect(await holds { site.tree.living.count >= 5 })
      try await process.stop(grace: .milliseconds(300))
      #expect(process.exit.current == .killed(signal: 9))
      #expect(site.tree.living.isEmpty)
    }

    @Test func `who left the process group is asked too, and nobody is waited for longer than needed`() async throws {
      let process = site.shell("setsid sh -c 'echo ready; sleep 1000' & wait")
      _ = await site.log.line { $0 == "ready" }
      let start = ContinuousClock.now
      try await process.stop(grace: .seconds(1000))
      #expect(ContinuousClock.now - start < .seconds(60))
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a server that has lost the order is asked once more when half its grace is over`() async throws {
      let process = site.shell(
        """
        told=0; trap 'told=$((told + 1)); [ $told = 2 ] && exit 5' TERM
        echo ready; while true; do sleep 0.01; done
        """)
      _ = await site.log.line { $0 == "ready" }
      let start = ContinuousClock.now
      try await process.stop(grace: .seconds(6))
      #expect(process.exit.current == .exited(status: 5))
      #expect(ContinuousClock.now - start >= .seconds(3))
    }

    @Test func `a server that was asked once more too late still has half its grace after that`() async throws {
      // The shepherd stands still until all of the grace is over.
      let process = site.shell(
        """
        told=0
        trap 'told=$((told + 1)); [ $told = 2 ] && exit 5; kill -STOP $PPID; sleep 4.5; kill -CONT $PPID' TERM
        echo ready; while true; do sleep 0.01; done
        """)
      _ = await site.log.line { $0 == "ready" }
      try await process.stop(grace: .seconds(4))
      #expect(process.exit.current == .exited(status: 5))
    }

    @Test func `a second order shortens the grace of the first`() async throws {
      let process = site.shell("trap '' TERM; echo ready; while true; do sleep 1000; done")
      _ = await site.log.line { $0 == "ready" }
      async let patient: Void = process.stop(grace: .seconds(1000))
      try await process.stop(grace: .zero)
      try await patient
      #expect(process.exit.current == .killed(signal: 9))
    }

    @Test func `a cancelled task still stops its process`() async throws {
      let process = site.shell("echo ready; sleep 1000")
      _ = await site.log.line { $0 == "ready" }
      let task = Task {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        try await process.stop(grace: .seconds(10))
      }
      try await task.value
      #expect(site.tree.living.isEmpty)
    }

    @Test func `the rest of a tree ends with its leader`() async throws {
      let process = site.shell("sleep 1000 & setsid sleep 1000 & exit 4")
      #expect(await process.exit.value() == .exited(status: 4))
      try await process.stop(grace: .seconds(30))
      #expect(site.tree.living.isEmpty)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `a tree ends when its shepherd is ended, whoever has left the group or lost the mark`(
      signal: Int32
    ) async throws {
      let process = site.shell(
        """
        trap '' TERM; sleep 1000 & setsid sleep 1000 & env -u \(ServerMark.variable) sleep 1000 &
        echo $PPID; wait
        """)
      let shepherd = try #require(await site.log.line { Int32($0) != nil }.flatMap { Int32($0) })
      kill(shepherd, signal)
      let status = await process.exit.value()
      #expect(status == (signal == SIGTERM ? .killed(signal: 9) : .unknown))
      _ = await process.end.value()
      #expect(site.tree.living.isEmpty)
    }

    @Test func `checklist 12: a tree does not outlive a daemon that is killed`() async throws {
      // The daemon: it starts a server, waits for its first word, and dies on the spot.
      await #expect(processExitsWith: .signal(SIGKILL)) { [environment = site.tree.environment as [String: String]] in
        let script = "sleep 1000 & setsid sh -c 'trap \"\" TERM; echo ready; sleep 1000' & wait"
        let shepherd = try Shepherd.spawn(
          Launch(command: ["sh", "-c", script], environment: environment, stopGrace: .zero))
        var word = pollfd(fd: shepherd.output, events: Int16(POLLIN), revents: 0)
        unsafe poll(&word, 1, -1)
        kill(getpid(), SIGKILL)
      }
      #expect(await holds { site.tree.living.isEmpty })
    }

    @Test func `checklist 1: two hundred lives leave neither descriptors nor zombies`() async throws {
      let before = try openDescriptorCount()
      for _ in 0..<200 {
        let process = site.start(["true"])
        #expect(await process.exit.value() == .exited(status: 0))
        try await process.stop(grace: .zero)
        _ = await process.lastLines
      }
      #expect(try await holds { try openDescriptorCount() <= before })
      #expect(await holds { zombieChildren().isEmpty })
    }

    @Test func `checklist 17: a flood of output holds nobody up, and what is kept of it is bounded`()
      async
    {
      let process = site.shell("head -c 30000000 /dev/zero; echo; yes | head -n 100000; echo last")
      #expect(await process.exit.value() == .exited(status: 0))
      let lines = await process.lastLines
      #expect(lines.last == "last")
      #expect(lines.count == ServerOutput.tailLimit)
      #expect(site.log.messages.count < 100_000)
    }
  }
}
