internal import Core
internal import HTTP

/// A server that is written to disk to free the GPU, and brought back from there.
extension ServerRuntime {
  /// How long a server may take to be written: hundreds of gigabytes at the pace of a disk.
  private static let dumpTimeout: Duration = .seconds(600)

  /// Writes the server to disk, unless it is there already, and ends it. Whatever fails, the server is on its way out.
  func freeze(_ life: Life, _ mode: SleepMode) async throws(RuntimeFailure) {
    state = .freezing(life)
    do throws(RuntimeFailure) {
      let frozen: Frozen
      if let kept, kept.mode == mode, kept.images.exist {
        frozen = kept
        try await life.process.stop(grace: launch.stopGrace)
      } else {
        frozen = Frozen(images: images, mode: mode)
        try await dump(life)
        // The processes that were written are gone with it; what is left of the tree is ended.
        try await life.process.stop(grace: .zero)
      }
      // An order to stop may have come while it was written.
      guard case .freezing(let current) = state, current.instance == life.instance else {
        throw RuntimeFailure("the server was stopped while it was checkpointed")
      }
      if plan.checkpointing.settings.keepsImages || frozen.isGiven { kept = frozen }
      state = .frozen(frozen)
    } catch {
      if case .freezing(let current) = state, current.instance == life.instance { state = .ending(life) }
      throw error
    }
  }

  private func dump(_ life: Life) async throws(RuntimeFailure) {
    guard let leader = life.process.leader.current, isAliveStill(life) else {
      throw RuntimeFailure("the server ended before it was checkpointed", .serverEnded)
    }
    kept = nil
    // What is idle between us and the server would come back with it, to find us gone; and to freeze it takes a firewall.
    control.forwarded.hangUp(on: upstream, for: .stop)
    try await disk { [images] in Result { () throws(RuntimeFailure) in try images.prepare() } }.get()
    let start = control.timeline.now
    do throws(RuntimeFailure) {
      try await programs.run(
        images.dumpCommand(tree: leader), environment: images.environment, within: Self.dumpTimeout,
        logger: control.logger.with("program", "criu"))
    } catch {
      await disk { [images] in images.remove() }
      throw error
    }
    let seconds = (control.timeline.now - start).seconds
    control.logger.info("checkpointed", ["images": images.directory, "seconds": seconds])
  }

  /// Brings the server back. What the configuration gave to begin with may be missing or of no use: then it is a cold
  /// start; the failure of what was on disk of our own is the caller's business, who stops the model first.
  func thaw(_ frozen: Frozen) async throws(RuntimeFailure) -> (Instance, WakeKind) {
    do throws(RuntimeFailure) {
      let instance = try await restore(frozen)
      if !plan.checkpointing.settings.keepsImages && !frozen.isGiven { await disk { frozen.images.remove() } }
      return (instance, .restore)
    } catch {
      kept = nil
      if case .frozen = state { state = .stopped }
      guard frozen.isGiven, !Task.isCancelled else { throw error }
      control.logger.warning("not restored, started cold instead", ["failure": error.message])
      return (try await start(), .coldStart)
    }
  }

  private func restore(_ frozen: Frozen) async throws(RuntimeFailure) -> Instance {
    guard await disk({ frozen.images.exist }) else {
      throw RuntimeFailure("found no images in \(frozen.images.directory), expected an inventory.img there")
    }
    return try await start(frozen.images.restore(stopGrace: launch.stopGrace), until: "it was restored") {
      [control, plan] process async throws(RuntimeFailure) in
      guard await process.leader.value() != nil else { throw RuntimeFailure("the restore was cancelled") }
      try await control.awaitHealth(at: plan.healthPath, within: plan.startupTimeout)
      try await control.wake(frozen.mode, timeout: plan.wakeTimeout)
    }
  }

  /// Gives up a server that is on disk: the next wake is a cold start.
  func discard(_ frozen: Frozen) async {
    state = .stopped
    if !plan.checkpointing.settings.keepsImages && !frozen.isGiven { await disk { frozen.images.remove() } }
  }

  /// Work on large files takes its time, on a thread of its own.
  func disk<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    let outcome = onOwnThread(work)
    return await Task { await outcome.value() }.value ?? work()
  }
}
