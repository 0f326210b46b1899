import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  @Suite struct HookHostTests {
    let site: Site
    private let directory: TemporaryDirectory

    init() throws {
      site = try Site()
      directory = try TemporaryDirectory()
    }

    /// A model whose hooks run in the test's directory, `$D`; it is alive while there is a file "up", unless a hook looks.
    private func runtime(
      named name: String = "m", _ hooks: Hooks, _ configure: (inout BackendSettings) -> Void = { _ in }
    ) throws -> any ModelRuntime {
      try site.runtime(command: [], port: 9, backend: .hooks, named: name) {
        $0.hooks = hooks
        $0.environment["D"] = directory.path
        $0.wakeTimeout = .seconds(600)
        configure(&$0)
      }
    }

    private func written(_ file: String) -> String? {
      try? String(contentsOfFile: "\(directory.path)/\(file)", encoding: .utf8)
    }

    private let alive = #"test -e "$D/up""#

    @Test(arguments: ["phi-4", #"a b"; touch "$D/owned"; $(touch "$D/owned")'"#])
    func `what a hook is about reaches it by its environment, never by its text`(name: String) async throws {
      let hooks = Hooks(
        wake: #"printf '%s' "$SWITCHER_MODEL $SWITCHER_HOOK $SWITCHER_URL $SWITCHER_PORT" > "$D/told"; touch "$D/up""#,
        sleep: #"rm "$D/up""#, alive: alive)
      let runtime = try runtime(named: name, hooks)
      _ = try await runtime.wake()
      #expect(written("told") == "\(name) wake http://127.0.0.1:9 9")
      #expect(written("owned") == nil)
      #expect(await runtime.isAlive())
      #expect(try await runtime.sleep(nil) == .asleep)
      #expect(await !runtime.isAlive())
    }

    @Test func `a model is awake when its alive hook says so`() async throws {
      let hooks = Hooks(wake: "true", sleep: "true", alive: #"echo >> "$D/looks"; test $(wc -l < "$D/looks") -ge 3"#)
      _ = try await runtime(hooks).wake()
      #expect(written("looks") == "\n\n\n")
    }

    @Test func `without an alive hook it is awake when its health path answers`() async throws {
      let server = try FakeServer(["/health": .first(503, times: 2)])
      try await site.withServer(server) { _ in
        let runtime = try site.runtime(command: [], port: server.port, backend: .hooks) {
          $0.hooks = Hooks(wake: "true", sleep: "true")
        }
        _ = try await runtime.wake()
        #expect(await runtime.isAlive())
      }
    }

    @Test(arguments: [("true", true), ("exit 1", false), ("exit 127", false), ("kill -9 $$", true), ("exit 137", true)])
    func `only an alive hook that comes to a verdict has a model taken for dead`(
      alive: String, isAlive: Bool
    ) async throws {
      let runtime = try runtime(Hooks(wake: "true", sleep: "true", alive: alive))
      #expect(await runtime.isAlive() == isAlive)
      #expect(await runtime.isWell() == (alive == "true"))
    }

    @Test func `an alive hook that is ended before it tells has no model taken for dead`() async throws {
      let runtime = try runtime(Hooks(wake: "true", sleep: "true", alive: "exec sleep 1000"))
      let look = Task { await runtime.isAlive() }
      look.cancel()
      #expect(await look.value)
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a hook that fails is told with its status and its last lines`() async throws {
      let runtime = try runtime(Hooks(wake: "echo no such container >&2; exit 3", sleep: "kill -9 $$"))
      await #expect(
        throws: RuntimeFailure("the wake hook exited with status 3; its last lines: no such container")
      ) { try await runtime.wake() }
      await #expect(throws: RuntimeFailure("the sleep hook was killed by signal 9")) { try await runtime.sleep(nil) }
      #expect(site.log.messages.contains("no such container"))
    }

    @Test func `what hooks write is kept for the model, and what alive says again and again only once`() async throws {
      let factory = site.factory
      let looks = #"echo look >> "$D/looks"; test $(wc -l < "$D/looks") -ge 4 && echo up || { echo not yet; exit 1; }"#
      let runtime = try site.runtime(command: [], port: 9, backend: .hooks, from: factory) {
        $0.hooks = Hooks(wake: "echo pulling; echo slowly >&2", sleep: "echo gone", alive: looks)
        $0.environment["D"] = directory.path
      }
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      let said = { factory.outputs[ModelID("model")].last(100).lines }
      #expect(await holds { said().last == "*** switcher: sleep hook: exited with status 0 ***" })
      // What the other hooks write, and that they have started, may come in between.
      let looked = said().filter { ["not yet", "up"].contains($0) || $0.contains("alive hook") }
      #expect(
        looked == [
          "not yet", "*** switcher: alive hook: exited with status 1 ***", "up",
          "*** switcher: alive hook: exited with status 0 ***",
        ])
      #expect(Set(said()).isSuperset(of: ["pulling", "slowly", "gone"]))
      #expect(said().contains { $0.hasPrefix("*** switcher: wake hook: started as process ") })
    }

    @Test func `a hook that takes too long is ended with all that it started`() async throws {
      let runtime = try runtime(Hooks(wake: "sleep 1000 & sleep 1000", sleep: "true")) {
        $0.wakeTimeout = .milliseconds(300)
      }
      await #expect(throws: RuntimeFailure("the wake hook did not end within 0.3 seconds", .timedOut)) {
        try await runtime.wake()
      }
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a hook is ended when its wake is given up`() async throws {
      let runtime = try runtime(Hooks(wake: "echo begun; exec sleep 1000", sleep: "true"))
      let waking = Task { try await runtime.wake() }
      _ = await site.log.line { $0 == "begun" }
      waking.cancel()
      await #expect(throws: RuntimeFailure("the wake hook was cancelled")) { try await waking.value }
      #expect(site.tree.living.isEmpty)
    }

    @Test func `what a hook leaves running lives on, and is the sleep hook's to end`() async throws {
      let hooks = Hooks(
        wake: #"sleep 1000 > /dev/null 2>&1 & echo $! > "$D/up""#, sleep: #"kill $(cat "$D/up")"#,
        alive: #"kill -0 $(cat "$D/up")"#)
      let runtime = try runtime(hooks)
      _ = try await runtime.wake()
      #expect(await runtime.isAlive())
      #expect(site.tree.living.count == 1)
      _ = try await runtime.sleep(nil)
      #expect(await holds { site.tree.living.isEmpty })
    }

    @Test func `the stop hook is run where there is one, else the sleep hook, and none for what never woke`()
      async throws
    {
      for (stop, expected) in [(#"echo stop >> "$D/told""#, "stop\n"), (nil, "stop\nsleep\n")] {
        let hooks = Hooks(wake: "true", sleep: #"echo sleep >> "$D/told""#, stop: stop, alive: "true")
        let runtime = try runtime(hooks)
        try await runtime.stop()
        _ = try await runtime.wake()
        try await runtime.stop()
        #expect(written("told") == expected)
      }
    }
  }
}
