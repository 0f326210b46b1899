import Core
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import Backends

/// What becomes of a model that its host loses while it is awake.
struct HostedRuntimeTests {
  private let timeline = ManualTimeline()
  private let host = FickleHost()
  private let runtime: HostedRuntime

  /// A host that loses the model when the test says so.
  private final class FickleHost: ModelHost {
    let watchInterval: Duration? = .seconds(2)
    let isLost = Mutex(false)
    /// Whether it gives way when somebody else is to be woken.
    let givesWay = Mutex(true)
    /// Why nobody hears what it holds.
    let silence = Mutex(RuntimeFailure?.none)
    /// How often it was asked for that.
    let looks = Mutex(0)

    func wake() async throws(RuntimeFailure) -> Upstream {
      isLost.withLock { $0 = false }
      return Upstream(origin: Origin(host: "127.0.0.1", port: 9))
    }

    func sleep() async throws(RuntimeFailure) { isLost.withLock { $0 = true } }
    func stop() async -> Bool { await vacate() }
    func vacate() async -> Bool {
      let givesWay = givesWay.withLock(\.self)
      if givesWay { isLost.withLock { $0 = true } }
      return givesWay
    }
    func isAlive() async -> Bool { isLost.withLock { !$0 } }
    func isHeld() async throws(RuntimeFailure) -> Bool {
      looks.withLock { $0 += 1 }
      if let failure = silence.withLock({ $0 }) { throw failure }
      return isLost.withLock { !$0 }
    }
    func loss() async -> String? { isLost.withLock { $0 ? "is gone" : nil } }
  }

  init() throws {
    let loops = try ProcessTests.Site().loops
    let control = ServerControl(
      client: HTTPClient(loops: loops), web: WebClient(), forwarded: ForwardedRequests(loops: loops),
      upstream: Upstream(origin: Origin(host: "127.0.0.1", port: 9)), timeline: timeline, logger: .silent)
    runtime = HostedRuntime(model: "m", host: host, control: control, instances: InstanceNumbers())
  }

  @Test func `a loss is reported once it is seen, as the death of that life`() async throws {
    let first = try await runtime.wake()
    await timeline.sleeper(until: Instant.zero + .seconds(2))
    timeline.advance(by: .seconds(2))
    await timeline.sleeper(until: Instant.zero + .seconds(4))
    host.isLost.withLock { $0 = true }
    timeline.advance(by: .seconds(2))
    #expect(await runtime.deaths.first { _ in true } == Death(instance: first, reason: "is gone"))
    #expect(try await runtime.wake() > first)
  }

  @Test(arguments: [(RuntimeFailure.Cause.unreachable, 1), (.timedOut, 2), (.other, 2)])
  func `a look at a host that can't be reached is not repeated for a minute`(
    cause: RuntimeFailure.Cause, looks: Int
  ) async throws {
    host.silence.withLock { $0 = RuntimeFailure("no answer", cause) }
    try await runtime.vacate()
    timeline.advance(by: .seconds(59))
    try await runtime.vacate()
    #expect(host.looks.withLock { $0 } == looks)
    host.silence.withLock { $0 = nil }
    timeline.advance(by: .seconds(1))
    try await runtime.vacate()
    #expect(host.isLost.withLock { $0 })
  }

  @Test func `a host that does not give way and is in nobody's way is told again after a minute`() async throws {
    host.givesWay.withLock { $0 = false }
    try await runtime.vacate()
    host.givesWay.withLock { $0 = true }
    timeline.advance(by: .seconds(59))
    try await runtime.vacate()
    #expect(!host.isLost.withLock { $0 })
    timeline.advance(by: .seconds(1))
    try await runtime.vacate()
    #expect(host.isLost.withLock { $0 })
  }

  @Test func `a host that could not be stopped and is in nobody's way is told again before the next wake`() async throws
  {
    _ = try await runtime.wake()
    host.givesWay.withLock { $0 = false }
    try await runtime.stop()
    host.givesWay.withLock { $0 = true }
    try await runtime.vacate()
    #expect(host.isLost.withLock { $0 })
  }

  @Test func `a model that was put to sleep is not looked for`() async throws {
    _ = try await runtime.wake()
    await timeline.sleeper(until: Instant.zero + .seconds(2))
    _ = try await runtime.sleep(nil)
    #expect(timeline.nextDeadline == nil)
  }
}
