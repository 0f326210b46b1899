internal import Core
internal import TestSupport
internal import Testing

@testable import Switcher

/// Models that were awake before anybody woke them from here.
struct VacateTests {
  private let harness = SwitcherHarness()

  @Test func `a model that was left awake gives way before another is woken`() async throws {
    harness.b.leaveAwake()
    let request = harness.task("a")
    #expect(await harness.b.next() == .vacate)
    #expect(harness.a.calls.isEmpty)
    harness.b.succeed()
    #expect(await harness.a.next() == .wake)
    harness.a.succeed()
    _ = try await request.value
  }

  @Test func `a model that was left awake and is wanted does not give way`() async throws {
    harness.b.leaveAwake()
    let request = harness.task("b")
    #expect(await harness.b.next() == .wake)
    harness.b.succeed()
    _ = try await request.value
    #expect(harness.b.calls == [.wake])
  }

  @Test func `nobody is woken beside a model that does not give way`() async throws {
    harness.b.leaveAwake()
    let request = harness.task("a")
    #expect(await harness.b.next() == .vacate)
    harness.b.fail("b was awake already")
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    let failure = await #expect(throws: SwitchError.self) { try await request.value }
    var told: String?
    if case .switchFailed("a", let message, _) = failure { told = message }
    #expect(told == "b was awake already")
    #expect(harness.a.calls == [.stop])
  }

  @Test func `a model that is sent to sleep while others give way for it is not woken any more`() async throws {
    harness.b.leaveAwake()
    let request = harness.task("a")
    #expect(await harness.b.next() == .vacate)
    let sleep = Task { try await harness.switcher.perform(.sleep("a", nil)) }
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    try await sleep.value
    await #expect(throws: SwitchError.self) { try await request.value }
    #expect(harness.a.calls == [.stop])
  }
}
