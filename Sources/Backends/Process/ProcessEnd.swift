internal import Glibc

/// How a server process ended.
enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  case exited(status: Int32)
  case killed(signal: Int32)
  /// The program never ran; the errno of execvp(3), or of what came before it.
  case notExecuted(errno: Int32)
  /// The shepherd died before it could tell.
  case unknown

  /// - Parameter waitStatus: as waitpid(2) has it.
  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .exited(status: waitStatus >> 8 & 0xff) : .killed(signal: signal)
  }

  /// "exited with status 1", "killed by signal 9".
  var description: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "killed by signal \(signal)"
    case .notExecuted(let errno): "not executed: \(unsafe String(cString: strerror(errno)))"
    case .unknown: "lost with its shepherd"
    }
  }

  /// What became of a server that was to reach `goal`, as a sentence.
  func story(ofServerStartedBy program: String, before goal: String) -> String {
    switch self {
    case .exited: "the server \(self) before \(goal)"
    case .killed, .unknown: "the server was \(self) before \(goal)"
    case .notExecuted(let errno): "\(program) could not be executed: \(unsafe String(cString: strerror(errno)))"
    }
  }
}
