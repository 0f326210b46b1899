internal import Core
internal import Policies
internal import TestSupport
internal import Testing

@testable import Switcher

/// What a new configuration does to requests and to runtimes.
struct ReconfigureTests {
  private let harness = SwitcherHarness()
  private let successor = ScriptedRuntime(port: 9)

  private func reconfigure(_ models: [ModelRevision], new: [ModelID: any ModelRuntime] = [:]) async {
    await harness.switcher.reconfigure(
      models: models, newRuntimes: new, policy: FIFO(minActive: .zero), requestTimeout: .seconds(300))
  }

  private func revision(_ id: ModelID, isRenewed: Bool = false) -> ModelRevision {
    ModelRevision(id: id, limits: ModelLimits(), isRenewed: isRenewed)
  }

  private func port(_ model: ModelID) async throws -> UInt16 {
    try await harness.switcher.withModel(model, deadline: .distantFuture) { _, upstream in upstream.origin.port }
  }

  @Test func `who waited through a change of settings is sent to the new server`() async throws {
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    await reconfigure([revision("a", isRenewed: true), revision("b")], new: ["a": successor])
    let waiting = Task { try await port("a") }
    _ = try await harness.snapshot { $0.queued == 1 }
    end.open()
    _ = try await running.value
    #expect(await harness.a.next() == .sleep(nil))
    harness.a.succeed()
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    #expect(await successor.next() == .wake)
    successor.succeed()
    #expect(try await waiting.value == 9)
    #expect(harness.a.calls == [.wake, .sleep(nil), .stop])
  }

  @Test func `a model that is unchanged is left alone`() async throws {
    try await harness.bringA()
    await reconfigure([revision("b"), revision("a")])
    #expect(try await port("a") == 1)
    #expect(harness.a.calls == [.wake])
  }

  @Test func `an added model is served, and its deaths are noticed`() async throws {
    let watch = Task { await harness.switcher.run() }
    defer { watch.cancel() }
    await reconfigure([revision("a"), revision("b"), revision("c")], new: ["c": successor])
    let request = Task { try await port("c") }
    #expect(await successor.next() == .wake)
    successor.succeed()
    #expect(try await request.value == 9)
    successor.die()
    #expect(await successor.next() == .stop)
    successor.succeed()
    _ = try await harness.snapshot { $0.state("c") == .stopped }
  }

  @Test func `a removed model is unknown at once, and gone when its server has ended`() async throws {
    try await harness.bringA()
    await reconfigure([revision("b")])
    await #expect(throws: SwitchError.unknownModel("a")) { try await port("a") }
    #expect(await harness.a.next() == .sleep(nil))
    harness.a.succeed()
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    _ = try await harness.snapshot { $0.models.map(\.id) == ["b"] }
    #expect(await harness.switcher.processStates().keys.sorted() == ["b"])
  }

  @Test func `a removed model whose server can't be ended stays until it is`() async throws {
    try await harness.bringA()
    await reconfigure([revision("b")])
    for call in [ScriptedRuntime.Call.sleep(nil), .stop, .stop] {
      #expect(await harness.a.next() == call)
      harness.a.fail("it hangs")
    }
    let snapshot = try await harness.snapshot { $0.models.last?.failure != nil }
    #expect(snapshot.models.map(\.id) == ["b", "a"])
    #expect(snapshot.state("a") == .failed)
    harness.timeline.advance(by: .seconds(2))
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    _ = try await harness.snapshot { $0.models.map(\.id) == ["b"] }
  }

  @Test func `a policy is replaced without a word to anybody who waits or runs`() async throws {
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    let waiting = harness.task("b")
    _ = try await harness.snapshot { $0.inFlight == 1 && $0.queued == 1 }
    await harness.switcher.replacePolicy(CostAware(options: PolicyOptions()))
    let snapshot = try await harness.snapshot { $0.policy == "cost_aware" }
    #expect(snapshot.inFlight == 1 && snapshot.queued == 1)
    end.open()
    _ = try await running.value
    #expect(await harness.a.next() == .sleep(nil))
    harness.a.succeed()
    #expect(await harness.b.next() == .wake)
    harness.b.succeed()
    _ = try await waiting.value
  }
}
