internal import CLinux
internal import Core
internal import Glibc
internal import HTTP
internal import Synchronization

/// A model server's process tree, from its start until nothing is left of it: the daemon's end of its shepherd.
///
/// If it is dropped, the tree still lives; if the daemon dies, it does not.
final class ChildProcess: Sendable {
  /// How long after the use of force the tree is waited for: the driver gives back a large GPU's memory in seconds.
  private static let patience: Duration = .seconds(60)
  /// What the largest pipe holds that a process without privileges can have (pipe(7), pipe-max-size).
  private static let pipeBytes = 1 << 20

  /// How the server itself ended; what it leaves behind may live a moment longer. A program that could not be executed
  /// is an end like any other.
  let exit = Eventual<ProcessEnd>()
  /// Nothing is left of the tree.
  let end = Eventual<Void>()
  /// The process id of the server, once it runs. It stays the server's own as long as `end` has not come.
  let leader = Eventual<Int32>()
  /// The process that all of the tree descend from, under the same condition; nil when nothing was started.
  let root: Int32?
  private let outputEnd = Eventual<Void>()
  private let written = Mutex(ServerOutput())
  /// The shepherd's control socket; nil once it is closed, when the number may be another descriptor's.
  private let control = Mutex<Int32?>(nil)
  private let mark: ServerMark
  private let remains: Launch.Remains
  private let adopted = Mutex<ProcessIdentity?>(nil)
  private let loop: EventLoop
  private let timeline: any Timeline
  private let logger: Logger
  private let output: OutputSink

  /// Starts the server.
  /// - Parameters:
  ///   - mark: this process tree's own.
  ///   - output: gets what the server writes, line by line.
  init(
    _ launch: Launch, mark: ServerMark, loop: EventLoop, timeline: any Timeline, logger: Logger, output: OutputSink
  ) {
    (self.mark, self.loop, self.timeline, self.logger, self.output) = (mark, loop, timeline, logger, output)
    remains = launch.remains
    // From here on, so that what earlier servers wrote is not taken for this one's.
    let file = launch.outputFile.map { OutputFile($0) }
    let spawned = Result { () throws(Shepherd.SpawnFailure) in
      // What may outlive its program is nobody's orphan.
      try Shepherd.spawn(launch, adding: launch.remains == .spared ? [:] : mark.environment)
    }
    root = (try? spawned.get())?.pid
    do throws(Shepherd.SpawnFailure) {
      let shepherd = try spawned.get()
      control.withLock { $0 = shepherd.control }
      // What it does outlives the switch that it was started for.
      Task { await Logger.$subject.withValue([]) { await attend(shepherd, file) } }
    } catch {
      outputEnd.resolve(())
      exit.resolve(.notExecuted(errno: error.errno))
      end.resolve(())
    }
  }

  /// The last lines the server wrote; all that there will be, once it has ended.
  var lastLines: [String] {
    get async {
      if exit.current != nil { _ = await outputEnd.value() }
      return written.withLock { $0.tail }
    }
  }

  /// Ends the whole tree: politely, and by force once `grace` is over. Returns when it is gone, also in a task that is
  /// cancelled. May be called again, with a shorter grace too.
  /// - Throws: when the tree outlives even force, as a process does that hangs in a driver.
  func stop(grace: Duration) async throws(RuntimeFailure) {
    control.withLock { control in
      if let control { _ = shepherd_stop(control, grace.wholeMilliseconds) }
    }
    if await end.value(within: grace + Self.patience, on: timeline) == nil {
      throw RuntimeFailure("the server's processes are still there \(Self.patience) after they were killed")
    }
  }

  private func attend(_ shepherd: Shepherd, _ file: OutputFile?) async {
    let reading = Task {
      async let stdout: Void = readOutput(shepherd.output, .stdout)
      await readOutput(shepherd.error, .stderr)
      await stdout
    }
    let following = Task { await follow(file) }
    await readReports(shepherd.status)
    control.withLock { control in
      if let descriptor = control { close(descriptor) }
      control = nil
    }
    if exit.current == nil {
      // The shepherd was killed, and the server with it.
      exit.resolve(.unknown)
      await endRemains(of: shepherd)
    }
    // Its end of the status pipe is closed, so it is a zombie or just about to be.
    _ = waitpid(shepherd.pid, nil, 0)
    end.resolve(())
    // What was written is read to its end, unless a stranger got hold of the pipe and keeps it open.
    let timeout = Task {
      try await timeline.sleep(for: .seconds(1))
      reading.cancel()
    }
    await reading.value
    timeout.cancel()
    following.cancel()
    await following.value
    if let exit = exit.current { output.note(exit.description) }
    outputEnd.resolve(())
  }

  /// Ends what a shepherd that was killed has left of its tree. The session bears the shepherd's id, which nobody else gets
  /// before the shepherd is reaped; who has left the session is known by the mark. What came back from a checkpoint has
  /// neither, but was known while the shepherd lived.
  private func endRemains(of shepherd: Shepherd) async {
    let adopted = Set(adopted.withLock(\.self)?.tree ?? [])
    let sweep = ProcessSweep(timeline: timeline) { [mark] process in
      process.pid != shepherd.pid
        && (process.session == shepherd.pid || adopted.contains(ProcessIdentity(process))
          || ServerMark(of: process.pid) == mark)
    }
    let (found, left) = await sweep.run(grace: .zero)
    if !found.isEmpty { logger.warning("ended what a killed shepherd left behind", ["processes": found.count]) }
    if !left.isEmpty { logger.error("processes outlive SIGKILL", ["pids": left.listed]) }
  }

  /// Takes the shepherd's reports until it is gone.
  private func readReports(_ descriptor: Int32) async {
    do {
      let status = try await AsyncDescriptor(descriptor, on: loop)
      while case let bytes = try await status.read(), !bytes.isEmpty {
        for report in shepherdReports(in: bytes) {
          switch report.news {
          case SHEPHERD_STARTED.rawValue:
            output.note("started as process \(report.value)")
            if remains != .adopted { leader.resolve(report.value) }
          case SHEPHERD_ADOPTED.rawValue:
            adopted.withLock { $0 = ProcessStatus(of: report.value).map(ProcessIdentity.init) }
            leader.resolve(report.value)
          case SHEPHERD_FAILED.rawValue: exit.resolve(.notExecuted(errno: report.value))
          default: exit.resolve(ProcessEnd(waitStatus: report.value))
          }
        }
      }
    } catch {
      logger.error("the shepherd of a server can't be read: the server is ended", ["error": "\(error)"])
      control.withLock { control in
        if let control { _ = shepherd_stop(control, 0) }
      }
    }
  }

  private func readOutput(_ descriptor: Int32, _ stream: ServerOutput.Stream) async {
    guard let pipe = try? await AsyncDescriptor(descriptor, on: loop) else { return }
    while let bytes = try? await pipe.read(), !bytes.isEmpty { take(bytes, from: stream) }
    // Whoever is still to write is a stranger; all that the server wrote is there, however late its reader comes.
    if Task.isCancelled { take(await pipe.readPresent(upTo: Self.pipeBytes), from: stream) }
    output.take(written.withLock { $0.finish(stream) }, from: stream, at: timeline.now)
  }

  /// Reads what the server appends to its file, until the task is cancelled, and then the rest.
  private func follow(_ file: OutputFile?) async {
    guard var file else { return }
    do {
      let changes = try await AsyncDescriptor(try file.watch(), on: loop)
      repeat { file.readNew { take($0, from: .stdout) } } while try await !changes.read().isEmpty
    } catch {
      if !(error is CancellationError) { logger.error("a server's output can't be followed", ["error": "\(error)"]) }
    }
    file.readNew { take($0, from: .stdout) }
    output.take(written.withLock { $0.finish(.stdout) }, from: .stdout, at: timeline.now)
  }

  private func take(_ bytes: [UInt8], from stream: ServerOutput.Stream) {
    output.take(written.withLock { $0.append(bytes, from: stream) }, from: stream, at: timeline.now)
  }
}

/// A record is smaller than what a pipe takes whole, so none is ever split.
private func shepherdReports(in bytes: [UInt8]) -> [shepherd_report] {
  let size = MemoryLayout<shepherd_report>.size
  return stride(from: 0, through: bytes.count - size, by: size).map { offset in
    unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: shepherd_report.self) }
  }
}
