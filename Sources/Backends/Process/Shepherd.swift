internal import CLinux
internal import Core
internal import Glibc

/// The daemon's hold on a shepherd (see shepherd.h): its process id and four descriptors, which the owner closes.
struct Shepherd: Sendable {
  let pid: Int32
  let control: Int32
  let status: Int32
  let output: Int32
  let error: Int32

  /// The errno of what kept the shepherd from being started.
  struct SpawnFailure: Error {
    let errno: Int32
  }

  /// Starts a shepherd, which starts the server.
  /// - Parameter variables: for the server's environment, unless the launch has others of these names.
  static func spawn(
    _ launch: Launch, adding variables: [String: String] = [:]
  ) throws(SpawnFailure) -> Shepherd {
    var shepherd = shepherd()
    let additions = variables.merging(launch.environment) { $1 }
    let environment = environment(adding: additions).map { "\($0.key)=\($0.value)" }
    let orphanGrace = min(launch.stopGrace, Launch.orphanGrace)
    let result = unsafe withCStrings(launch.command) { arguments in
      unsafe withCStrings(environment) { variables in
        unsafe shepherd_spawn(
          arguments, variables, orphanGrace.wholeMilliseconds, launch.sparesDescendants, &shepherd)
      }
    }
    guard result == 0 else { throw SpawnFailure(errno: result) }
    return Shepherd(
      pid: shepherd.pid, control: shepherd.control, status: shepherd.status, output: shepherd.output,
      error: shepherd.error)
  }

  /// The daemon's environment, without what configures the daemon itself (its secrets among it), and with `additions`.
  private static func environment(adding additions: [String: String]) -> [String: String] {
    var environment: [String: String] = [:]
    var entry = unsafe inherited_environment()
    while let text = unsafe entry?.pointee {
      let parts = unsafe String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, !parts[0].hasPrefix("SWITCHER_") { environment[String(parts[0])] = String(parts[1]) }
      unsafe entry = unsafe entry?.advanced(by: 1)
    }
    return environment.merging(additions) { $1 }
  }
}

extension Duration {
  /// As the shepherd takes its graces: clamped to what 32 bits hold (49 days).
  var wholeMilliseconds: UInt32 { UInt32(clamping: nanoseconds / 1_000_000) }
}

/// Lends the strings as an array of C strings that NULL ends, for the time of the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies = unsafe strings.map { unsafe strdup($0) }
  defer { unsafe copies.forEach { unsafe free($0) } }
  return unsafe body(copies + [nil])
}
