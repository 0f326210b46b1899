internal import Foundation
internal import Glibc

/// A process, told from a later one that got the same id by when it started.
struct ProcessIdentity: Hashable, Sendable {
  let pid: Int32
  /// In clock ticks since the machine's start (proc_pid_stat(5)).
  private let startTime: UInt64

  var isAlive: Bool { Self.status(of: pid)?.startTime == startTime }

  /// All processes below `root`, parents before their children. Reads all of /proc, so it takes milliseconds.
  static func descendants(of root: Int32) -> [ProcessIdentity] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var children: [Int32: [ProcessIdentity]] = [:]
    for pid in names.compactMap({ Int32($0) }).sorted() {
      guard let status = status(of: pid) else { continue }
      children[status.parent, default: []].append(ProcessIdentity(pid: pid, startTime: status.startTime))
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
    Self.contents(of: "/proc/\(pid)/maps").contains(Array(" \(prefix)".utf8))
  }

  private static func status(of pid: Int32) -> (parent: Int32, startTime: UInt64)? {
    let stat = String(decoding: contents(of: "/proc/\(pid)/stat"), as: UTF8.self)
    // The name may contain anything, but after its last parenthesis there are only numbers: state, ppid, …, the 22nd field.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].dropFirst(2).split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", let parent = Int32(fields[1]), let startTime = UInt64(fields[19])
    else { return nil }
    return (parent, startTime)
  }

  /// All of a file of /proc, which comes in pieces of any length; empty where it can't be read.
  private static func contents(of path: String) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    while true {
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { memory, count in
        // Reads no further than the array reaches.
        count = max(unsafe read(descriptor, memory.baseAddress, memory.count), 0)
      }
      guard !piece.isEmpty else { return contents }
      contents += piece
    }
  }
}
