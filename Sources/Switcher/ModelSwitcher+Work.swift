internal import Core

/// The slow work on the models' servers: one chain of tasks a model, each of which reports its outcome as an event.
extension ModelSwitcher {
  /// Before the model is woken, those that somebody else has left awake give way.
  func wake(_ model: ModelID) {
    let others = runtimes.current.filter { $0.key != model }.values
    start(model) { runtime in
      do throws(RuntimeFailure) {
        try await Self.vacate(others)
        // A look that was given up says nothing, and the model is not to be woken any more.
        guard !Task.isCancelled else { throw RuntimeFailure("the wake was cancelled") }
        return .woke(model, try await runtime.wake())
      } catch {
        return .wakeFailed(model, error)
      }
    }
  }

  /// All at the same time. By the machine's laws none of them is woken or put to sleep meanwhile; one that is stopped was
  /// woken from here, and so is not one to be looked for.
  private static func vacate(_ runtimes: some Sequence<any ModelRuntime>) async throws(RuntimeFailure) {
    let failure = await withTaskGroup(of: RuntimeFailure?.self, returning: RuntimeFailure?.self) { group in
      for runtime in runtimes {
        group.addTask {
          do throws(RuntimeFailure) {
            try await runtime.vacate()
            return nil
          } catch {
            return error
          }
        }
      }
      return await group.reduce(nil) { $0 ?? $1 }
    }
    if let failure { throw failure }
  }

  func sleep(_ model: ModelID, _ eviction: Eviction?) {
    start(model) { runtime in
      do throws(RuntimeFailure) {
        return .slept(model, try await runtime.sleep(eviction))
      } catch {
        return .sleepFailed(model, message: error.message)
      }
    }
  }

  /// Stops the model's server instead of whatever else was to be done with it.
  func stop(_ model: ModelID) {
    work[model]?.cancel()
    start(model) { runtime in
      do throws(RuntimeFailure) {
        try await runtime.stop()
        return .stopped(model)
      } catch {
        return .stopFailed(model, message: error.message)
      }
    }
  }

  /// Ends the model's server for good, and has its successor take its place.
  func retire(_ model: ModelID) {
    guard let runtime = runtimes[model] else { return }
    let previous = work[model]
    work[model] = Task {
      await previous?.value
      do throws(RuntimeFailure) {
        try await runtime.stop()
      } catch {
        guard !Task.isCancelled else { return }
        logger.error("the server of a changed model could not be ended", ["model": model, "failure": error.message])
        return send(.retireFailed(model, message: error.message))
      }
      guard !Task.isCancelled else { return }
      runtimes.succeed(model)
      send(.retired(model))
    }
  }

  /// Ends every chain, and then every model's server.
  func stopWork() async {
    for task in work.values { task.cancel() }
    await withDiscardingTaskGroup { group in
      for (model, runtime) in runtimes.current {
        let pending = work[model]
        group.addTask {
          await pending?.value
          do throws(RuntimeFailure) {
            try await runtime.stop()
          } catch {
            self.logger.error("stop failed", ["model": model, "failure": error.message])
          }
        }
      }
    }
  }

  /// Runs slow work after whatever else runs on the model, and reports its outcome; not at all, or without a report, once
  /// it was cancelled.
  private func start(_ model: ModelID, _ operation: @escaping @Sendable (any ModelRuntime) async -> Event) {
    guard let runtime = runtimes[model] else { return }
    let previous = work[model]
    let subject = switchNumber(of: model).map { [Logger.Field("switch_id", $0)] } ?? []
    work[model] = Task {
      await previous?.value
      guard !Task.isCancelled else { return }
      let outcome = await Logger.$subject.withValue(subject) {
        let outcome = await operation(runtime)
        if !Task.isCancelled { note(outcome) }
        return outcome
      }
      guard !Task.isCancelled else { return }
      send(outcome)
    }
  }

  /// Leaves a trace of what failed: the machine goes on by itself, but its operator wants to know why.
  private func note(_ outcome: Event) {
    switch outcome {
    case .wakeFailed(let model, let failure): logger.warning("wake failed", ["model": model, "failure": failure])
    case .sleepFailed(let model, let message): logger.warning("sleep failed", ["model": model, "failure": message])
    case .stopFailed(let model, let message): logger.error("stop failed", ["model": model, "failure": message])
    default: break
    }
  }
}
