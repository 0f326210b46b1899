import Foundation
import HTTP

/// `switcher` as a child process, which is killed with the last reference to it.
final class SwitcherProcess {
  let output: AsyncDescriptor
  let errors: AsyncDescriptor
  private let process = Process()
  private let statuses: AsyncStream<Int32>

  /// - Parameter arguments: the command and its options.
  init(_ arguments: String..., on loop: EventLoop) async throws {
    // The program lies beside the tests.
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "switcher")
    process.arguments = arguments
    let pipes = (output: Pipe(), errors: Pipe())
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    output = try await AsyncDescriptor(dup(pipes.output.fileHandleForReading.fileDescriptor), on: loop)
    errors = try await AsyncDescriptor(dup(pipes.errors.fileHandleForReading.fileDescriptor), on: loop)
    let (statuses, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.statuses = statuses
    process.terminationHandler = { continuation.yield($0.terminationStatus) }
    try process.run()
  }

  deinit { if process.isRunning { kill() } }

  /// The exit status, or the signal that killed it, once it has ended. To be asked for once.
  var status: Int32? {
    get async { await statuses.first { _ in true } }
  }

  func terminate() { Foundation.kill(process.processIdentifier, SIGTERM) }
  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }
}
