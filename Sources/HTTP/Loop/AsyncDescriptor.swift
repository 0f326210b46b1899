internal import CLinux
internal import Glibc

/// A pipe, signalfd, pidfd or the like, read and written without blocking a thread. Any task may use it; one may read and
/// one may write at a time.
package final class AsyncDescriptor: Sendable {
  private let channel: Channel
  private let loop: EventLoop

  /// Takes `descriptor` over: makes it non-blocking and closes it when told to, or when the last reference goes.
  /// - Throws: `SystemFailure` when it can't be polled, as a regular file; it is closed then.
  package init(_ descriptor: CInt, on loop: EventLoop) async throws(SystemFailure) {
    self.loop = loop
    channel = try await loop.run { () async throws(SystemFailure) in
      guard linux_set_nonblocking(descriptor) == 0 else {
        let failure = SystemFailure("fcntl")
        _ = Glibc.close(descriptor)
        throw failure
      }
      return try loop.adopt(descriptor)
    }
  }

  deinit { close() }

  /// A descriptor that turns readable when the process ends (pidfd_open(2)).
  /// - Throws: `SystemFailure` when there is no such process.
  package static func process(_ pid: CInt, on loop: EventLoop) async throws(SystemFailure) -> AsyncDescriptor {
    let descriptor = linux_pidfd_open(pid)
    guard descriptor >= 0 else { throw SystemFailure("pidfd_open") }
    return try await AsyncDescriptor(descriptor, on: loop)
  }

  /// A descriptor that reads a byte for each of these signals that comes, its number, in place of the signal's default
  /// effect. For one list in a process.
  package static func signals(_ signals: [CInt], on loop: EventLoop) async throws(SystemFailure) -> AsyncDescriptor {
    let descriptor = unsafe linux_signal_pipe(signals, signals.count)
    guard descriptor >= 0 else { throw SystemFailure("pipe2") }
    return try await AsyncDescriptor(descriptor, on: loop)
  }

  /// Waits for bytes and returns what is there, at most `limitBytes`; empty at the end of the stream.
  /// - Throws: `CancellationError` when the task is cancelled or the descriptor closed, else `SystemFailure`.
  package func read(upTo limitBytes: Int = 65_536) async throws -> [UInt8] {
    try await onLoop { channel in
      while true {
        let (outcome, bytes) = channel.read(upTo: limitBytes)
        switch outcome {
        case .moved: return bytes
        case .ended: return []
        case .failed(let failure): throw failure
        case .blocked: if await channel.waitReadable() != .ready { throw CancellationError() }
        }
      }
    }
  }

  /// Returns what is there already, at most `limitBytes`; empty when nothing is. Works in a task that is cancelled, too.
  package func readPresent(upTo limitBytes: Int) async -> [UInt8] {
    await loop.run { [channel] () async -> [UInt8] in channel.isClosed ? [] : channel.read(upTo: limitBytes).bytes }
  }

  /// Waits until the descriptor is readable, at its end or broken; reads nothing.
  /// - Throws: `CancellationError` when the task is cancelled or the descriptor closed.
  package func waitReadable() async throws {
    try await onLoop { channel in
      if await channel.waitReadable() != .ready { throw CancellationError() }
    }
  }

  /// Writes all of `bytes`.
  /// - Throws: `CancellationError` when the task is cancelled or the descriptor closed, else `SystemFailure`.
  package func write(_ bytes: [UInt8]) async throws {
    try await onLoop { channel in
      var written = 0
      while written < bytes.count {
        let outcome = unsafe bytes.withUnsafeBytes { memory in
          unsafe channel.write(UnsafeRawBufferPointer(rebasing: memory[written...]))
        }
        switch outcome {
        case .moved(let count): written += count
        case .failed(let failure): throw failure
        case .blocked, .ended: if await channel.waitWritable() != .ready { throw CancellationError() }
        }
      }
    }
  }

  /// Closes the descriptor; whoever waits for it gets a `CancellationError`.
  package func close() {
    loop.execute { [channel] in channel.close() }
  }

  private func onLoop<Result: Sendable>(
    _ operation: @escaping @Sendable @concurrent (Channel) async throws -> Result
  ) async throws -> Result {
    let (channel, loop) = (channel, loop)
    return try await withTaskCancellationHandler {
      try await loop.run { () async throws -> Result in
        if channel.isClosed || Task.isCancelled { throw CancellationError() }
        return try await operation(channel)
      }
    } onCancel: {
      loop.execute {
        channel.interruptReader()
        channel.interruptWriter()
      }
    }
  }
}

extension Channel {
  /// Reads once, at most `limitBytes`; only a `moved` brings bytes.
  fileprivate func read(upTo limitBytes: Int) -> (outcome: Transfer, bytes: [UInt8]) {
    var outcome = Transfer.blocked
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limitBytes) { memory, count in
      outcome = unsafe read(into: UnsafeMutableRawBufferPointer(memory))
      if case .moved(let moved) = outcome { count = moved }
    }
    return (outcome, bytes)
  }
}
