/// A process, told from a later one that got the same id by when it started.
struct ProcessIdentity: Hashable, Sendable {
  let pid: Int32
  /// In clock ticks since the machine's start (proc_pid_stat(5)).
  let startTime: UInt64

  /// Whether it runs; one that has ended and waits to be reaped does not.
  var isAlive: Bool { ProcessStatus(of: pid)?.startTime == startTime }

  /// All processes below `root`, parents before their children. Reads all of /proc, so it takes milliseconds.
  static func descendants(of root: Int32) -> [ProcessIdentity] {
    var children: [Int32: [ProcessIdentity]] = [:]
    for process in ProcessStatus.all {
      children[process.parent, default: []].append(ProcessIdentity(process))
    }
    var found: [ProcessIdentity] = []
    var parents = [root]
    while !parents.isEmpty {
      let generation = parents.flatMap { children.removeValue(forKey: $0) ?? [] }
      found += generation
      parents = generation.map(\.pid)
    }
    return found
  }

  /// Whether it has mapped a file whose path begins with `prefix`. False too where that may not be known, as of a process
  /// of somebody else's.
  func hasMapped(filesFrom prefix: String) -> Bool {
    ProcFile.contents(of: "/proc/\(pid)/maps").contains(Array(" \(prefix)".utf8))
  }
}

extension ProcessIdentity {
  /// The process and all below it; none once it has ended.
  var tree: [ProcessIdentity] {
    let tree = [self] + Self.descendants(of: pid)
    return isAlive ? tree : []
  }

  init(_ status: ProcessStatus) { self.init(pid: status.pid, startTime: status.startTime) }
}
