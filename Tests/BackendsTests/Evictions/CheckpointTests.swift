import Core
import Foundation
import Testing

@testable import Backends

extension ProcessTests {
  /// Servers that are written to disk and come back.
  @Suite struct CheckpointTests {
    let site: Site
    let nvidia: FakeNVIDIA

    init() throws {
      site = try Site()
      nvidia = try FakeNVIDIA()
    }

    private func runtime(
      named name: String = "model", port: UInt16? = nil, _ configure: (inout BackendSettings) -> Void = { _ in }
    ) throws -> any ModelRuntime {
      let server = try nvidia.server()
      return try site.runtime(command: server.command, port: server.port, named: name, from: site.factory(nvidia)) {
        $0.eviction = Eviction(weights: .retain, process: .checkpoint)
        $0.checkpoint = nvidia.settings
        configure(&$0)
      }
    }

    private func images(of name: String = "model") -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: nvidia.imagesDirectory + "/" + name)) ?? []
    }

    private var verbs: [String] { nvidia.takeCalls().map { $0.split(separator: " ").prefix(2).joined(separator: " ") } }

    @Test func `images that are kept are made once and restored again and again`() async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      for instance in 2...3 {
        #expect(try await runtime.sleep(nil) == .asleep)
        #expect(verbs == (instance == 2 ? ["criu dump"] : []))
        #expect(images() == ["inventory.img"])
        #expect(site.tree.living.isEmpty)
        #expect(try await runtime.wake() == Instance(instance))
        #expect(verbs == ["criu restore"])
      }
      try await runtime.stop()
      #expect(images() == ["inventory.img"])
    }

    @Test func `images that are not kept are made at each sleep and removed after the wake`() async throws {
      let runtime = try runtime { $0.checkpoint.keepsImages = false }
      _ = try await runtime.wake()
      for _ in 1...2 {
        _ = try await runtime.sleep(nil)
        #expect(verbs == ["criu dump"])
        _ = try await runtime.wake()
        #expect(verbs == ["criu restore"])
        #expect(images() == [])
      }
      _ = try await runtime.sleep(nil)
      try await runtime.stop()
      #expect(images() == [])
    }

    @Test func `images of another way of sleeping are not taken for these`() async throws {
      let runtime = try runtime { $0.useSleepSteps() }
      _ = try await runtime.wake()
      _ = try await runtime.sleep(Eviction(weights: .offload, process: .checkpoint))
      _ = try await runtime.wake()
      _ = nvidia.takeCalls()
      _ = try await runtime.sleep(Eviction(weights: .discard, process: .checkpoint))
      #expect(verbs.contains("criu dump"))
      try await runtime.stop()
    }

    @Test func `a restored server is supervised like any other`() async throws {
      let runtime = try runtime()
      let death = Task { await runtime.deaths.first { _ in true } }
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      #expect(try await runtime.wake() == Instance(2))
      #expect(await runtime.isAlive())
      #expect(await site.log.line { $0 == "GET /health" } != nil)
      for process in site.tree.living { kill(process, SIGKILL) }
      #expect(await death.value == Death(instance: Instance(2), reason: "killed by signal 9"))
      #expect(await holds { await runtime.processState == .stopped })

      #expect(try await runtime.wake() == Instance(3))
      #expect(verbs == ["criu dump", "criu restore"])
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
    }

    @Test func `a dump that fails leaves no images behind, and the server can be stopped`() async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      try nvidia.fail("dump")
      let failure = await #expect(throws: RuntimeFailure.self) { try await runtime.sleep(nil) }
      #expect(failure?.message.contains("/criu dump --shell-job ") == true)
      let end = "exited with status 1; its last lines: Error (criu/cr-dump.c:42): can't dump"
      #expect(failure?.message.hasSuffix(end) == true)
      #expect(images() == [])
      try await runtime.stop()
      #expect(site.tree.living.isEmpty)
      #expect(try await runtime.wake() == Instance(2))
      try await runtime.stop()
    }

    @Test func `a restore that fails is followed by a cold start, and its images are not used again`() async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      _ = try await runtime.sleep(nil)
      try nvidia.fail("restore")
      let expected =
        "the server exited with status 1 before it was restored; "
        + "its last lines: Error (criu/cr-restore.c:42): can't restore"
      await #expect(throws: RuntimeFailure(expected, .serverEnded)) { try await runtime.wake() }
      try await runtime.stop()
      _ = nvidia.takeCalls()
      #expect(try await runtime.wake() == Instance(3))
      _ = try await runtime.sleep(nil)
      #expect(verbs == ["criu dump"])
      try await runtime.stop()
    }

    @Test func `the first wake restores what the configuration names`() async throws {
      let server = try nvidia.server()
      func runtime(_ configure: (inout BackendSettings) -> Void) throws -> any ModelRuntime {
        try site.runtime(command: server.command, port: server.port, from: site.factory(nvidia)) {
          $0.checkpoint = nvidia.settings
          configure(&$0)
        }
      }
      let first = try runtime { $0.eviction = Eviction(weights: .retain, process: .checkpoint) }
      _ = try await first.wake()
      _ = try await first.sleep(nil)
      _ = nvidia.takeCalls()

      let second = try runtime { $0.checkpointPath = nvidia.imagesDirectory + "/model" }
      #expect(await second.processState == .stopped)
      _ = try await second.wake()
      #expect(verbs == ["criu restore"])
      try await second.stop()
      _ = try await second.wake()
      #expect(verbs == [])
      try await second.stop()
    }

    @Test(arguments: [true, false])
    func `images that are of no use are no reason not to start`(exist: Bool) async throws {
      let path = nvidia.directory + "/given"
      if exist {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: path + "/inventory.img"))
        try nvidia.fail("restore")
      }
      let runtime = try runtime { $0.checkpointPath = path }
      _ = try await runtime.wake()
      #expect(verbs == (exist ? ["criu restore"] : []))
      #expect(site.log.messages.contains("not restored, started cold instead"))
      try await runtime.stop()
    }

    @Test func `a server that can be checkpointed is logged from its file, before and after`() async throws {
      let runtime = try runtime()
      _ = try await runtime.wake()
      let file = nvidia.imagesDirectory + "/model.log"
      let attributes = try FileManager.default.attributesOfItem(atPath: file)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(await holds { site.log.messages.contains("GET /health") })
      let before = site.log.messages.count
      _ = try await runtime.sleep(nil)
      _ = try await runtime.wake()
      #expect(await holds { site.log.messages.dropFirst(before).contains("GET /health") })
      try await runtime.stop()
    }

    @Test(arguments: [
      ("qwen-14b", "qwen-14b"), ("Qwen/Qwen3:14b", "Qwen%2fQwen3%3a14b"), ("..", "%2e."), ("a.b", "a.b"),
    ])
    func `a model's name can't lead out of the images' directory`(name: String, directory: String) {
      var settings = CheckpointSettings()
      settings.imagesDirectory = "/images"
      let images = CheckpointImages(of: ModelID(name), settings)
      #expect(images.directory == "/images/" + directory)
      #expect(images.outputFile == "/images/" + directory + ".log")
    }
  }
}
