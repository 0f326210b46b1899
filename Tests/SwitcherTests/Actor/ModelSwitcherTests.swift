internal import Core
internal import Policies
internal import Synchronization
internal import TestSupport
internal import Testing

@testable import Switcher

@Suite(.timeLimit(.minutes(10)))
struct ModelSwitcherTests {
  struct Odd: Error {}

  // MARK: Requests

  @Test func `a request wakes its model, is counted while it runs, and given back when it ends`() async throws {
    let harness = SwitcherHarness()
    let end = Gate()
    let request = harness.task("a", until: end)
    #expect(await harness.a.next() == .wake)
    #expect(await harness.switcher.snapshot().queued == 1)
    harness.a.succeed()
    let running = try await harness.snapshot { $0.inFlight == 1 }
    #expect(running.active == "a")
    #expect(running.queued == 0)
    end.open()
    let grant = try await request.value
    #expect(grant.waited)
    #expect(grant.instance == Instance(1))
    #expect(await harness.switcher.snapshot().inFlight == 0)
    #expect(harness.records.map(\.to) == ["a"])
  }

  @Test func `a request for the active model runs at once and is told where to go`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let upstream = try await harness.switcher.withModel("a", deadline: .distantFuture) { grant, upstream in
      #expect(!grant.waited)
      #expect(await harness.switcher.snapshot().inFlight == 1)
      return upstream
    }
    #expect(upstream == harness.a.upstream)
    #expect(await harness.switcher.snapshot().inFlight == 0)
  }

  @Test func `a request that throws is given back, and its error passed on`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    await #expect(throws: Odd.self) {
      try await harness.switcher.withModel("a", deadline: .distantFuture) { _, _ in throw Odd() }
    }
    #expect(await harness.switcher.snapshot().inFlight == 0)
  }

  @Test func `a drain past its deadline has the server hung up on, and ends with its requests`() async throws {
    let end = Gate()
    let hungUp = Mutex<[Upstream]>([])
    let harness = SwitcherHarness(
      limits: ModelLimits(drainTimeout: .seconds(5)),
      hangUp: { upstream in
        hungUp.withLock { $0.append(upstream) }
        end.open()
      })
    try await harness.bringA()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    let other = harness.task("b")
    await harness.timeline.sleeper(until: .zero + .seconds(5))
    harness.timeline.advance(by: .seconds(5))
    #expect(await harness.a.next() == .sleep(nil))
    #expect(hungUp.withLock { $0 } == [harness.a.upstream])
    _ = try await running.value
    harness.a.succeed()
    #expect(await harness.b.next() == .wake)
    harness.b.succeed()
    _ = try await other.value
    #expect(harness.records.map(\.cutRequests) == [0, 1])
  }

  @Test func `a model sleeps only when its last request has ended`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    let other = harness.task("b")
    _ = try await harness.snapshot { $0.state("a") == .draining }
    #expect(harness.a.calls == [.wake])
    end.open()
    _ = try await running.value
    #expect(await harness.a.next() == .sleep(nil))
    #expect(harness.b.calls == [])
    harness.a.succeed()
    #expect(await harness.b.next() == .wake)
    harness.b.succeed()
    #expect(try await other.value.model == "b")
  }

  @Test func `a model that is not configured is unknown`() async {
    let harness = SwitcherHarness()
    await #expect(throws: SwitchError.unknownModel("z")) { try await harness.request("z") }
  }

  @Test func `a request whose model can't be woken is told why`() async throws {
    let harness = SwitcherHarness()
    let request = harness.task("a")
    _ = await harness.a.next()
    harness.a.fail("exited with status 1")
    let error = SwitchError.switchFailed("a", message: "exited with status 1", retryAfter: .seconds(2))
    await #expect(throws: error) { try await request.value }
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    _ = try await harness.snapshot { $0.transition == nil }
    #expect(harness.records.map(\.outcome) == [.failed])
  }

  // MARK: Callers that leave

  @Test func `a caller that leaves while it waits is out of the queue, and the wake goes on without it`() async throws {
    let harness = SwitcherHarness()
    let request = harness.task("a")
    _ = await harness.a.next()
    request.cancel()
    await #expect(throws: SwitchError.abandoned) { try await request.value }
    #expect(await harness.switcher.snapshot().queued == 0)
    harness.a.succeed()
    #expect(try await harness.snapshot { $0.active == "a" }.inFlight == 0)
  }

  @Test func `a thousand callers that leave take the counts back to zero`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    let requests = (0..<1_000).map { _ in harness.task("b") }
    _ = try await harness.snapshot { $0.queued == 1_000 }
    for request in requests { request.cancel() }
    for request in requests {
      await #expect(throws: SwitchError.abandoned) { try await request.value }
    }
    end.open()
    _ = try await running.value
    let snapshot = await harness.switcher.snapshot()
    #expect(snapshot.queued == 0)
    #expect(snapshot.inFlight == 0)
    #expect(snapshot.active == "a")
    #expect(harness.a.calls == [.wake])
  }

  @Test func `callers that leave as they are granted leave no count behind`() async throws {
    let harness = SwitcherHarness()
    let requests = (0..<200).map { _ in harness.task("a") }
    _ = await harness.a.next()
    _ = try await harness.snapshot { $0.queued == 200 }
    async let cancelled: Void = { for request in requests { request.cancel() } }()
    harness.a.succeed()
    await cancelled
    for request in requests { _ = await request.result }
    let snapshot = try await harness.snapshot { $0.active == "a" }
    #expect(snapshot.queued == 0)
    #expect(snapshot.inFlight == 0)
  }

  @Test func `a caller that has left before it asks is not waited for`() async {
    let harness = SwitcherHarness()
    let start = Gate()
    let request = Task {
      await start.passed()
      return try await harness.request("a")
    }
    request.cancel()
    start.open()
    await #expect(throws: SwitchError.abandoned) { try await request.value }
    #expect(await harness.switcher.snapshot().queued == 0)
  }

  // MARK: Time

  @Test func `a request outlives its deadline only if it is granted`() async throws {
    let harness = SwitcherHarness()
    let hasty = harness.task("a", patience: .seconds(3))
    _ = await harness.a.next()
    let patient = harness.task("a", patience: .seconds(9))
    _ = try await harness.snapshot { $0.queued == 2 }
    harness.timeline.advance(by: .seconds(3))
    await #expect(throws: SwitchError.timedOut(after: .seconds(3))) { try await hasty.value }
    harness.a.succeed()
    #expect(try await patient.value.model == "a")
  }

  @Test func `the policy is asked again at the time that it named`() async throws {
    let harness = SwitcherHarness(policy: FIFO(minActive: .seconds(5)))
    try await harness.bringA()
    let request = harness.task("b")
    _ = try await harness.snapshot { $0.queued == 1 }
    #expect(harness.a.calls == [.wake])
    harness.timeline.advance(by: .seconds(6))
    #expect(await harness.a.next() == .sleep(nil))
    harness.a.succeed()
    _ = await harness.b.next()
    harness.b.succeed()
    #expect(try await request.value.model == "b")
  }

  // MARK: Servers that die

  @Test func `a server that dies is replaced for the next request`() async throws {
    let harness = SwitcherHarness()
    let watch = Task { await harness.switcher.run() }
    try await harness.bringA()
    harness.a.die()
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    _ = try await harness.snapshot { $0.state("a") == .stopped }
    let request = harness.task("a")
    #expect(await harness.a.next() == .wake)
    harness.a.succeed()
    #expect(try await request.value.instance == Instance(2))
    watch.cancel()
    await watch.value
  }

  @Test func `a server that is found dead is replaced, one that lives is left alone`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let grant = try await harness.request("a")
    await harness.switcher.verify(grant)
    #expect(await harness.switcher.snapshot().active == "a")
    harness.a.dieSilently()
    await harness.switcher.verify(grant)
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    _ = try await harness.snapshot { $0.state("a") == .stopped }
    let request = harness.task("a")
    #expect(await harness.a.next() == .wake)
    harness.a.succeed()
    #expect(try await request.value.instance == Instance(2))
    await harness.switcher.verify(grant)
    #expect(await harness.switcher.snapshot().active == "a")
  }

  @Test func `a caller that leaves has no server taken for dead`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let grant = try await harness.request("a")
    let hasLeft = Gate()
    let caller = Task {
      await hasLeft.passed()
      await harness.switcher.verify(grant)
    }
    caller.cancel()
    hasLeft.open()
    await caller.value
    #expect(await harness.switcher.snapshot().active == "a")
    #expect(harness.a.calls == [.wake])
  }

  // MARK: Operators

  @Test func `a command returns when it is done`() async throws {
    let harness = SwitcherHarness()
    let command = Task { try await harness.switcher.perform(.pin("b")) }
    #expect(await harness.b.next() == .wake)
    #expect(await harness.switcher.snapshot().mode == .manual(pinned: "b"))
    harness.b.succeed()
    try await command.value
    #expect(await harness.switcher.snapshot().active == "b")
    try await harness.switcher.perform(.unpin)
    #expect(await harness.switcher.snapshot().mode == .auto)
  }

  @Test func `a command that can't be done throws why`() async {
    let harness = SwitcherHarness()
    await #expect(throws: SwitchError.unknownModel("z")) { try await harness.switcher.perform(.force("z")) }
    let command = Task { try await harness.switcher.perform(.pin("b")) }
    _ = await harness.b.next()
    harness.b.fail("out of memory")
    let error = SwitchError.switchFailed("b", message: "out of memory", retryAfter: .seconds(2))
    await #expect(throws: error) { try await command.value }
    #expect(await harness.switcher.snapshot().mode == .auto)
  }

  @Test func `a sleep passes its eviction on`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let eviction = Eviction(weights: .offload, process: .keepRunning)
    let command = Task { try await harness.switcher.perform(.sleep("a", eviction)) }
    #expect(await harness.a.next() == .sleep(eviction))
    harness.a.succeed()
    try await command.value
    #expect(await harness.switcher.snapshot().state("a") == .asleep)
  }

  @Test func `a start that the operator ends is cancelled, and stopped when it is out`() async throws {
    let harness = SwitcherHarness()
    let request = harness.task("a")
    _ = await harness.a.next()
    let command = Task { try await harness.switcher.perform(.sleep("a", nil)) }
    #expect(await harness.a.next() == .stop)
    await #expect(throws: SwitchError.self) { try await request.value }
    harness.a.succeed()
    try await command.value
    #expect(harness.a.calls == [.wake, .stop])
    #expect(await harness.switcher.snapshot().state("a") == .stopped)
  }

  @Test func `a failed wake is followed by a stop and a start`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    try await sleepA(harness)
    let request = harness.task("a")
    _ = await harness.a.next()
    harness.a.fail("wake step 2/3 failed")
    #expect(await harness.a.next() == .stop)
    harness.a.succeed()
    #expect(await harness.a.next() == .wake)
    harness.a.succeed()
    #expect(try await request.value.instance == Instance(2))
  }

  @Test func `a failed sleep is followed by a stop, and the other model is woken`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let request = harness.task("b")
    _ = await harness.a.next()
    harness.a.fail("timed out")
    #expect(await harness.a.next() == .stop)
    #expect(harness.b.calls == [])
    harness.a.succeed()
    _ = await harness.b.next()
    harness.b.succeed()
    #expect(try await request.value.model == "b")
  }

  @Test func `the state of every process can be read`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    #expect(await harness.switcher.processStates() == ["a": .running, "b": .stopped])
  }

  private func sleepA(_ harness: SwitcherHarness) async throws {
    let command = Task { try await harness.switcher.perform(.sleep("a", nil)) }
    _ = await harness.a.next()
    harness.a.succeed()
    try await command.value
  }

  // MARK: The end

  @Test func `closing answers everyone who waits and lets those in flight end`() async throws {
    let harness = SwitcherHarness()
    try await harness.bringA()
    let end = Gate()
    let running = harness.task("a", until: end)
    _ = try await harness.snapshot { $0.inFlight == 1 }
    let waiting = harness.task("b")
    _ = try await harness.snapshot { $0.queued == 1 }
    let command = Task { try await harness.switcher.perform(.force("b")) }
    _ = try await harness.snapshot { $0.transition?.trigger == .request }
    await harness.switcher.close()
    await #expect(throws: SwitchError.shuttingDown) { try await waiting.value }
    await #expect(throws: SwitchError.shuttingDown) { try await command.value }
    await #expect(throws: SwitchError.shuttingDown) { try await harness.request("a") }
    end.open()
    #expect(try await running.value.model == "a")
    #expect(harness.a.calls == [.wake])
  }

  @Test func `stopping ends what is under way, then every model`() async throws {
    let harness = SwitcherHarness()
    let request = harness.task("a")
    _ = await harness.a.next()
    await harness.switcher.close()
    await #expect(throws: SwitchError.shuttingDown) { try await request.value }
    let stopping = Task { await harness.switcher.stopAll() }
    #expect(await harness.a.next() == .stop)
    #expect(await harness.b.next() == .stop)
    harness.a.fail("it is not ours")
    harness.b.succeed()
    await stopping.value
    #expect(harness.a.calls == [.wake, .stop])
    #expect(harness.b.calls == [.stop])
  }
}
