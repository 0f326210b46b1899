import Foundation
import HTTP
import TestSupport

/// `switcher` as a child process, which is killed with the last reference to it.
final class SwitcherProcess {
  let output: AsyncDescriptor
  let errors: AsyncDescriptor
  private let program: SpawnedProgram

  /// - Parameter arguments: the command and its options.
  init(_ arguments: String..., on loop: EventLoop) async throws {
    // The program lies beside the tests.
    let directory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    program = try SpawnedProgram([directory.appending(path: "switcher").path] + arguments)
    output = try await AsyncDescriptor(fcntl(program.output.fileDescriptor, F_DUPFD_CLOEXEC, 0), on: loop)
    errors = try await AsyncDescriptor(fcntl(program.errors.fileDescriptor, F_DUPFD_CLOEXEC, 0), on: loop)
  }

  /// The exit status, once it has ended; nil when a signal killed it. To be asked for once.
  var status: Int32? {
    get async { await program.exitStatus }
  }

  func terminate() { Foundation.kill(program.pid, SIGTERM) }
  func kill() { Foundation.kill(program.pid, SIGKILL) }
}
