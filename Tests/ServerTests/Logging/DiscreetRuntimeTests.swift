import Core
import Testing

@testable import Server

struct DiscreetRuntimeTests {
  /// Fails with what it is told, whatever is asked of it.
  private struct Failing: ModelRuntime {
    let failure: RuntimeFailure
    let upstream = Upstream(origin: Origin(host: "127.0.0.1", port: 9))
    let processState = ProcessState.stopped
    let deaths = AsyncStream<Death> { $0.finish() }

    func wake() async throws(RuntimeFailure) -> Instance { throw failure }
    func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence { throw failure }
    func stop() async throws(RuntimeFailure) { throw failure }
    func vacate() async throws(RuntimeFailure) { throw failure }
    func isAlive() async -> Bool { false }
  }

  @Test func `a failure tells what happened, but no secret that the server has written`() async {
    var secrets = Secrets()
    secrets.insert("hf_abcdefgh")
    let failure = RuntimeFailure("ended; its last lines: token hf_abcdefgh refused", .serverEnded)
    let runtime = DiscreetRuntime(runtime: Failing(failure: failure), secrets: SecretKeeper(secrets))
    let told = RuntimeFailure("ended; its last lines: token *** refused", .serverEnded)
    await #expect(throws: told) { try await runtime.wake() }
    await #expect(throws: told) { try await runtime.sleep(nil) }
    await #expect(throws: told) { try await runtime.stop() }
    await #expect(throws: told) { try await runtime.vacate() }
  }
}
