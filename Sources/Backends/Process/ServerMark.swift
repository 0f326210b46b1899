internal import Foundation
internal import Glibc
internal import Synchronization

/// What every process of a server bears in its environment: which run of which daemon has started it. By it, and by nothing
/// else, is a process known to be ours after its parents are gone; its name or its command line could be anybody's.
struct ServerMark: Hashable, Sendable {
  /// The variable that holds it.
  static let variable = "SWITCHER_SERVER"

  /// Tells the servers of one run of a daemon from each other.
  let number: Int
  let daemon: DaemonRun

  /// With what it takes to keep it legible: Python programs that give themselves a title, as vLLM's do, write it over their
  /// environment unless they are told not to (setproctitle's SPT_NOENV).
  var environment: [String: String] { [Self.variable: text, "SPT_NOENV": "1"] }

  /// The path comes last, since anything may stand in it.
  var text: String {
    "\(number) \(daemon.process.pid) \(daemon.process.startTime) \(daemon.namespace) \(daemon.installation)"
  }

  init(number: Int, daemon: DaemonRun) { (self.number, self.daemon) = (number, daemon) }

  init?(_ text: String) {
    let parts = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
    guard
      parts.count == 5, let number = Int(parts[0]), let pid = Int32(parts[1]), let startTime = UInt64(parts[2])
    else { return nil }
    self.number = number
    daemon = DaemonRun(
      process: ProcessIdentity(pid: pid, startTime: startTime), namespace: String(parts[3]),
      installation: String(parts[4]))
  }

  /// The mark of a process of this user's own; nil where it has none, or has ended.
  init?(of pid: Int32) {
    var file = stat()
    guard unsafe stat("/proc/\(pid)", &file) == 0, file.st_uid == geteuid() else { return nil }
    let environment = ProcFile.contents(of: "/proc/\(pid)/environ")
    let prefix = Array("\(Self.variable)=".utf8)
    guard let entry = environment.split(separator: 0).first(where: { $0.starts(with: prefix) }) else { return nil }
    self.init(String(decoding: entry.dropFirst(prefix.count), as: UTF8.self))
  }
}

/// One run of a daemon.
struct DaemonRun: Hashable, Sendable {
  let process: ProcessIdentity
  /// The PID namespace that its process id is of: a container's daemon looks dead from outside.
  let namespace: String
  /// Tells the daemons of a machine apart, and is the same in a later run: the path of the configuration file.
  let installation: String

  /// The run that this process is.
  static func current(of installation: String) -> DaemonRun {
    let process = ProcessStatus.own.map { ProcessIdentity($0) } ?? ProcessIdentity(pid: getpid(), startTime: 0)
    let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    return DaemonRun(process: process, namespace: namespace ?? "unknown", installation: installation)
  }

  /// Whether `other` was an earlier run of the same daemon, and is over. Of a daemon in another namespace that can't be
  /// known, and so it is not.
  func succeeds(_ other: DaemonRun) -> Bool {
    other.installation == installation && other.namespace == namespace && !other.process.isAlive
  }
}

/// Gives each server of this run a mark of its own.
final class ServerMarks: Sendable {
  let daemon: DaemonRun
  private let last = Atomic(0)

  init(installation: String) { daemon = .current(of: installation) }

  func next() -> ServerMark { ServerMark(number: last.wrappingAdd(1, ordering: .relaxed).newValue, daemon: daemon) }
}
