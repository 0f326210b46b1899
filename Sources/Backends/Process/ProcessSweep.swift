internal import CLinux
internal import Core
internal import Glibc

/// Ends processes that have lost whoever would have ended them: those of an earlier run of the daemon, and those of a server
/// whose shepherd was killed.
///
/// Each is signalled through a descriptor of its own (pidfd_open(2)) that was opened before it was looked at for the last
/// time. So nobody is hit who got the id of a process that had ended in between.
struct ProcessSweep: Sendable {
  let timeline: any Timeline
  /// Whether a process is to be ended. Asked twice of each, and again as long as any is left.
  let isWanted: @Sendable (ProcessStatus) -> Bool

  /// How long after the use of force the processes are waited for.
  private static let patience: Duration = .seconds(10)
  private static let pause: Duration = .milliseconds(20)

  /// Asks them to end, forces those that are still there once `grace` is over, and returns when all are gone, or when even
  /// force has done nothing for a while. Goes on in a task that is cancelled.
  /// - Returns: who was found, and who is left of them.
  func run(grace: Duration) async -> (found: Set<Int32>, left: Set<Int32>) {
    await Task { await sweep(grace: grace) }.value
  }

  private func sweep(grace: Duration) async -> (found: Set<Int32>, left: Set<Int32>) {
    let forceAt = timeline.now + grace
    var found: Set<Int32> = []
    var foundNobody = false
    while true {
      let isForced = timeline.now >= forceAt
      let living = handles()
      for process in living where isForced || !found.contains(process.pid) {
        process.send(isForced ? SIGKILL : SIGTERM)
        // One that is stopped could not heed the order.
        process.send(SIGCONT)
      }
      found.formUnion(living.map(\.pid))
      // One look may miss a process: in the middle of execve(2) it has no environment to know it by.
      if living.isEmpty && foundNobody || timeline.now >= forceAt + Self.patience {
        return (found, Set(living.map(\.pid)))
      }
      foundNobody = living.isEmpty
      // Nobody cancels the task that this runs in.
      try? await timeline.sleep(for: Self.pause)
    }
  }

  private func handles() -> [ProcessHandle] {
    ProcessStatus.all.filter(isWanted).compactMap { process in
      guard let handle = ProcessHandle(process.pid) else { return nil }
      // Only now can it be no other. Its parent may have ended meanwhile.
      guard let now = ProcessStatus(of: process.pid), now.startTime == process.startTime, isWanted(now)
      else { return nil }
      return handle
    }
  }
}

/// A hold on a process that never becomes a hold on another one.
private final class ProcessHandle {
  let pid: Int32
  private let descriptor: Int32

  /// Nil when there is no such process.
  init?(_ pid: Int32) {
    self.pid = pid
    descriptor = linux_pidfd_open(pid)
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Does nothing to a process that has ended.
  func send(_ signal: Int32) { _ = linux_pidfd_send_signal(descriptor, signal) }
}

extension Set<Int32> {
  /// For the log.
  var listed: String { sorted().map(String.init).joined(separator: " ") }
}
