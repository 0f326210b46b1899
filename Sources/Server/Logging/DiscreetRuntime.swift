internal import Core

/// A runtime whose failures show no secret. They tell what its server wrote last, and go from here to clients, the status,
/// the history and the events.
struct DiscreetRuntime: ModelRuntime {
  let runtime: any ModelRuntime
  let secrets: SecretKeeper

  var upstream: Upstream { runtime.upstream }
  var processState: ProcessState { get async { await runtime.processState } }
  var deaths: AsyncStream<Death> { runtime.deaths }

  func wake() async throws(RuntimeFailure) -> Instance {
    do throws(RuntimeFailure) { return try await runtime.wake() } catch { throw masked(error) }
  }

  func sleep(_ eviction: Eviction?) async throws(RuntimeFailure) -> Residence {
    do throws(RuntimeFailure) { return try await runtime.sleep(eviction) } catch { throw masked(error) }
  }

  func stop() async throws(RuntimeFailure) {
    do throws(RuntimeFailure) { try await runtime.stop() } catch { throw masked(error) }
  }

  func vacate() async throws(RuntimeFailure) {
    do throws(RuntimeFailure) { try await runtime.vacate() } catch { throw masked(error) }
  }

  func isAlive() async -> Bool { await runtime.isAlive() }

  func isWell() async -> Bool { await runtime.isWell() }

  private func masked(_ failure: RuntimeFailure) -> RuntimeFailure {
    RuntimeFailure(secrets.masked(failure.message), failure.cause)
  }
}
