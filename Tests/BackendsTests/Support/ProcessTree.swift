import Foundation

/// The processes that bear a mark of their own in their environment, as /proc has them; a zombie is gone.
struct ProcessTree: Sendable {
  let mark = UUID().uuidString

  /// Hands the mark down to a server and all its descendants.
  var environment: [String: String] { ["TREE_MARK": mark] }

  var living: [Int32] {
    runningProcesses().filter { environment(of: $0).range(of: Data("TREE_MARK=\(mark)\0".utf8)) != nil }
  }

  /// That of a process in execve(2) is empty for a moment, that of the kernel's threads always.
  private func environment(of pid: Int32) -> Data {
    for _ in 0..<100 {
      guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/environ")) else { break }
      guard environment.isEmpty, (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) != nil
      else { return environment }
      usleep(1_000)
    }
    return Data()
  }
}

/// The one-letter state of a process (proc_pid_stat(5)); nil when there is none.
func processState(_ pid: Int32) -> Character? {
  guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
  guard let end = stat.lastIndex(of: ")") else { return nil }
  return stat[end...].dropFirst(2).first
}

/// The children of this process that have ended and were not waited for.
func zombieChildren() -> [Int32] {
  allProcesses().filter { pid in
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    guard let end = stat.lastIndex(of: ")") else { return false }
    let fields = stat[end...].dropFirst(2).split(separator: " ")
    return fields[0] == "Z" && fields[1] == "\(ProcessInfo.processInfo.processIdentifier)"
  }
}

/// How many descriptors this process has open.
func openDescriptorCount() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }

private func allProcesses() -> [Int32] {
  ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
}

private func runningProcesses() -> [Int32] {
  allProcesses().filter { pid in
    guard let state = processState(pid) else { return false }
    return state != "Z" && state != "X"
  }
}

/// Looks until `condition` holds, for at most `timeout`; whether it came to hold.
func holds(within timeout: Duration = .seconds(60), _ condition: () async throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + timeout
  while ContinuousClock.now < deadline {
    if try await condition() { return true }
    try? await Task.sleep(for: .milliseconds(2))
  }
  return try await condition()
}
