import Glibc
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct AsyncDescriptorTests {
  /// The two ends of a pipe; a pair of sockets, since those can be kept from the processes that other tests start.
  private func pipe() throws -> (read: CInt, write: CInt) {
    var ends: [CInt] = [0, 0]
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemFailure("socketpair") }
    return (ends[0], ends[1])
  }

  @Test func `a pipe is read as it is written, to its end`() async throws {
    let ends = try pipe()
    let reader = try await AsyncDescriptor(ends.read, on: TestLoop.shared)
    let writer = try await AsyncDescriptor(ends.write, on: TestLoop.shared)
    for text in ["one", "two"] {
      async let bytes = reader.read()
      try await writer.write(Array(text.utf8))
      #expect(try await bytes == Array(text.utf8))
    }
    writer.close()
    #expect(try await reader.read() == [])
  }

  @Test func `a full pipe holds its writer back`() async throws {
    let ends = try pipe()
    let reader = try await AsyncDescriptor(ends.read, on: TestLoop.shared)
    let writer = try await AsyncDescriptor(ends.write, on: TestLoop.shared)
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    async let written: Void = writer.write(bytes)
    var count = 0
    while count < bytes.count { count += try await reader.read(upTo: 1000).count }
    try await written
    #expect(count == bytes.count)
  }

  @Test func `a pipe without a reader is an error, not a signal`() async throws {
    let ends = try pipe()
    let writer = try await AsyncDescriptor(ends.write, on: TestLoop.shared)
    // A process that another test is just starting may have a copy of it for a moment, which closing would leave open.
    shutdown(ends.read, CInt(SHUT_RDWR))
    Glibc.close(ends.read)
    let failure = await #expect(throws: SystemFailure.self) { try await writer.write([1]) }
    #expect(failure?.code == EPIPE)
  }

  @Test func `cancelling a task ends its read, and only that`() async throws {
    let ends = try pipe()
    let reader = try await AsyncDescriptor(ends.read, on: TestLoop.shared)
    let writer = try await AsyncDescriptor(ends.write, on: TestLoop.shared)
    let task = Task { try await reader.read() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    try await writer.write([1])
    #expect(try await reader.read() == [1])
  }

  @Test func `a task that is cancelled still gets what is there, and waits for nothing`() async throws {
    let ends = try pipe()
    let reader = try await AsyncDescriptor(ends.read, on: TestLoop.shared)
    let writer = try await AsyncDescriptor(ends.write, on: TestLoop.shared)
    try await writer.write([1, 2, 3])
    let task = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return [await reader.readPresent(upTo: 2), await reader.readPresent(upTo: 2), await reader.readPresent(upTo: 2)]
    }
    #expect(await task.value == [[1, 2], [3], []])
  }

  @Test func `closing ends the read that waits`() async throws {
    let reader = try await AsyncDescriptor(try pipe().read, on: TestLoop.shared)
    let task = Task { try await reader.read() }
    reader.close()
    await #expect(throws: CancellationError.self) { try await task.value }
    await #expect(throws: CancellationError.self) { try await reader.read() }
  }

  @Test func `the end of a process is noticed`() async throws {
    var pid: pid_t = 0
    var arguments = unsafe [strdup("sleep"), strdup("86400"), nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    let code = unsafe posix_spawnp(&pid, "sleep", nil, nil, &arguments, nil)
    #expect(code == 0)
    let process = try await AsyncDescriptor.process(pid, on: TestLoop.shared)
    async let end: Void = process.waitReadable()
    kill(pid, SIGKILL)
    try await end
    var status: CInt = 0
    let reaped = unsafe waitpid(pid, &status, 0)
    #expect(reaped == pid)
    #expect(status == SIGKILL)
  }

  @Test func `a descriptor that can't be polled is refused`() async throws {
    let file = unsafe open("/proc/self/status", O_RDONLY)
    let failure = await #expect(throws: SystemFailure.self) { try await AsyncDescriptor(file, on: TestLoop.shared) }
    #expect(failure?.description == "epoll_ctl: operation not permitted")
  }
}
