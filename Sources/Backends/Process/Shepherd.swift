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

  /// The errno of what kept the shepherd from being started, or the file for the server's output from being opened.
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
    let output = try openOutput(launch)
    defer { if output >= 0 { close(output) } }
    let result = unsafe withCStrings(launch.command) { arguments in
      unsafe withCStrings(environment) { variables in
        // The lists live until the call returns, which uses them before.
        let charge = unsafe shepherd_charge(
          argv: arguments, envp: variables, orphan_grace_milliseconds: orphanGrace.wholeMilliseconds,
          remains: launch.remains.wireValue, output: output, dies_with_shepherd: output < 0)
        return unsafe withUnsafePointer(to: charge) { unsafe shepherd_spawn($0, &shepherd) }
      }
    }
    guard result == 0 else { throw SpawnFailure(errno: result) }
    return Shepherd(
      pid: shepherd.pid, control: shepherd.control, status: shepherd.status, output: shepherd.output,
      error: shepherd.error)
  }

  /// Where the server writes to, if it is a file. What comes back from a checkpoint has it open already.
  private static func openOutput(_ launch: Launch) throws(SpawnFailure) -> Int32 {
    guard let path = launch.outputFile, launch.remains != .adopted else { return -1 }
    // Written at the end and never read, by which CRIU knows a log: one that has grown since may be another size.
    let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SpawnFailure(errno: errno) }
    return descriptor
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

extension Launch.Remains {
  fileprivate var wireValue: shepherd_remains {
    switch self {
    case .ended: SHEPHERD_ENDS_REMAINS
    case .spared: SHEPHERD_SPARES_REMAINS
    case .adopted: SHEPHERD_ADOPTS_REMAINS
    }
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
