internal import Core
internal import Synchronization

/// The servers' process trees that are not gone yet, whichever runtime they belong to.
final class LivingProcesses: Sendable {
  private let processes = Mutex<[ObjectIdentifier: ChildProcess]>([:])

  /// Keeps the process on the list until nothing is left of its tree.
  func add(_ process: ChildProcess) {
    processes.withLock { $0[ObjectIdentifier(process)] = process }
    Task {
      _ = await process.end.value()
      processes.withLock { $0[ObjectIdentifier(process)] = nil }
    }
  }

  /// Ends all of them by force, at once, and returns when they are gone.
  func kill() async {
    let processes = Array(processes.withLock { $0.values })
    await withTaskGroup { group in
      for process in processes { group.addTask { try? await process.stop(grace: .zero) } }
    }
  }
}
