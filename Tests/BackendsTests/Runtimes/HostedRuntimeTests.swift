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

    func wake() async throws(RuntimeFailure) -> Upstream {
      isLost.withLock { $0 = false }
      return Upstream(origin: Origin(host: "127.0.0.1", port: 9))
    }

    func sleep() async throws(RuntimeFailure) { isLost.withLock { $0 = true } }
    func isAlive() async -> Bool { isLost.withLock { !$0 } }
    func isHeld() async throws(RuntimeFailure) -> Bool { isLost.withLock { !$0 } }
    func loss() async -> String? { isLost.withLock { $0 ? "is gone" : nil } }
  }

  init() throws {
    let control = ServerControl(
      client: HTTPClient(loops: try ProcessTests.Site().loops),
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

  @Test func `a model that was put to sleep is not looked for`() async throws {
    _ = try await runtime.wake()
    await timeline.sleeper(until: Instant.zero + .seconds(2))
    _ = try await runtime.sleep(nil)
    #expect(timeline.nextDeadline == nil)
  }
}
