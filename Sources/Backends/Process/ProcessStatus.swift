internal import Foundation
internal import Glibc

/// What the kernel tells of a process that runs (proc_pid_stat(5)).
struct ProcessStatus: Hashable, Sendable {
  let pid: Int32
  let parent: Int32
  let session: Int32
  /// In clock ticks since the machine's start: tells it from a later process with the same id.
  let startTime: UInt64

  /// Nil when there is none, or one that has ended and only waits to be reaped.
  init?(of pid: Int32) {
    self.init(pid: pid, stat: String(decoding: ProcFile.contents(of: "/proc/\(pid)/stat"), as: UTF8.self))
  }

  /// - Parameter stat: the content of /proc/PID/stat.
  init?(pid: Int32, stat: String) {
    // The name may contain anything, but after its last parenthesis there are only the state and numbers.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].dropFirst(2).split(separator: " ")
    guard
      fields.count > 19, fields[0] != "Z", fields[0] != "X", let parent = Int32(fields[1]),
      let session = Int32(fields[3]), let startTime = UInt64(fields[19])
    else { return nil }
    (self.pid, self.parent, self.session, self.startTime) = (pid, parent, session, startTime)
  }

  /// Every process that runs, in the order of their ids. Reads all of /proc, so it takes milliseconds.
  static var all: [ProcessStatus] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.sorted().compactMap { ProcessStatus(of: $0) }
  }

  /// This process itself; nil without /proc.
  static var own: ProcessStatus? { ProcessStatus(of: getpid()) }
}
