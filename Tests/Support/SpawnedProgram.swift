package import Foundation
internal import Glibc

/// A program that a test runs as a process of its own; it is killed with the last reference to it.
///
/// Foundation's `Process` won't do: to learn which descriptors to close it copies 256 bytes of each entry of
/// /proc/self/fd that readdir(3) returns, however short the entry is, and dies where no memory follows the buffer.
package final class SpawnedProgram {
  package let pid: Int32
  package let input: FileHandle
  package let output: FileHandle
  package let errors: FileHandle
  private var hasEnded = false

  /// What kept a program from being started, as posix_spawn(3) tells it.
  package struct Failure: Error {
    package let program: String
    package let errno: Int32
  }

  /// - Parameters:
  ///   - command: the program, looked up in PATH, and its arguments.
  ///   - environment: all of it; this process's own where it is nil.
  /// - Throws: `Failure`.
  package init(_ command: [String], environment: [String: String]? = nil) throws {
    let (input, output, errors) = (try Ends(), try Ends(), try Ends())
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (end, descriptor) in [
      (input.reader, STDIN_FILENO), (output.writer, STDOUT_FILENO), (errors.writer, STDERR_FILENO),
    ] {
      unsafe posix_spawn_file_actions_adddup2(&actions, end.fileDescriptor, descriptor)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // A child blocks the signals that its parent's thread does, and Dispatch's threads block most.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
    let arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    let entries = unsafe variables.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + entries).forEach { unsafe free($0) } }
    var pid: Int32 = 0
    // The actions know the child's ends by their numbers alone.
    let failure = withExtendedLifetime((input, output, errors)) {
      unsafe posix_spawnp(&pid, command[0], &actions, &attributes, arguments, entries)
    }
    guard failure == 0 else { throw Failure(program: command[0], errno: failure) }
    self.pid = pid
    (self.input, self.output, self.errors) = (input.writer, output.reader, errors.reader)
  }

  deinit {
    guard !hasEnded else { return }
    kill(pid, SIGKILL)
    _ = Self.reap(pid)
  }

  /// Waits for the program's end; its exit status, or nil when a signal killed it. To be asked for once.
  package var exitStatus: Int32? {
    get async {
      hasEnded = true
      return await aside { [pid] in Self.reap(pid) }
    }
  }

  /// Waits until the program has written something or ended, and takes the first byte.
  package func firstByte() async throws -> UInt8? {
    try await aside { [output] in try output.read(upToCount: 1)?.first }
  }

  private static func reap(_ pid: Int32) -> Int32? {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : nil
  }

  /// What is written at one end is read at the other; each closes with its last reference.
  private struct Ends {
    let reader: FileHandle
    let writer: FileHandle

    init() throws {
      var ends: [Int32] = [-1, -1]
      // Sockets, since pipe2(2) is not to be had here, and a pipe could slip into somebody else's child.
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failure(program: "socketpair", errno: errno) }
      reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
      writer = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    }
  }
}
