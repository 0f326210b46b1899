internal import Core
internal import Glibc

/// A server's part on one loop: its listener and its connections.
// Sendable holds because only the loop's thread touches what is mutable.
final class Worker: @unchecked Sendable {
  let loop: EventLoop
  let limits: ServerLimits
  let timeouts: Timeouts
  let handler: HTTPServer.Handler
  let refusing: HTTPServer.RefusalObserver
  let logger: Logger
  private let count: ConnectionCount
  private var connections: [Connection] = []
  /// The runner that became idle last; the others follow it in a list.
  private var idleRunner: Runner?
  private var idleRunners = 0
  /// Each has the memory of a call that may be deep.
  private static let mostIdleRunners = 512
  /// How long a drain waits for answers that yield to it.
  private static let partingTime = Interval(.seconds(1))
  private var listener: Listener?
  private var date: [UInt8] = []
  private var dateIsValidUntil = Instant(nanoseconds: .min)
  private(set) var isDraining = false
  /// The drain's deadline has come.
  private var hasCut = false
  private var drainWaiters: [CheckedContinuation<Void, Never>] = []

  /// The limits that every request meets, in the form that costs least.
  struct Timeouts {
    let head, bodyStall, idle, writeStall, linger: Interval

    init(_ limits: ServerLimits) {
      head = Interval(limits.headTimeout)
      bodyStall = Interval(limits.bodyStallTimeout)
      idle = Interval(limits.idleTimeout)
      writeStall = Interval(limits.writeStallTimeout)
      linger = Interval(limits.lingerTimeout)
    }
  }

  init(
    loop: EventLoop, limits: ServerLimits, connections: ConnectionCount, logger: Logger,
    refusing: @escaping HTTPServer.RefusalObserver, handler: @escaping HTTPServer.Handler
  ) {
    self.loop = loop
    self.limits = limits
    self.timeouts = Timeouts(limits)
    self.count = connections
    self.logger = logger
    self.handler = handler
    self.refusing = refusing
  }

  // MARK: Connections

  func listen(on socket: CInt) {
    do {
      listener = Listener(channel: try loop.adopt(socket), worker: self)
    } catch {
      logger.error("cannot watch the listener", ["reason": error])
    }
  }

  func accept() {
    guard let listener else { return }
    Task(executorPreference: loop) { await listener.run() }
  }

  /// Takes over a socket that was just accepted.
  func open(_ socket: CInt) {
    do {
      TCP.sendAtOnce(socket)
      let channel = try loop.adopt(socket)
      let isSurplus = count.increase() > limits.connections
      let connection = Connection(channel: channel, worker: self, position: connections.count, isSurplus: isSurplus)
      connections.append(connection)
      connection.start()
    } catch {
      logger.warning("cannot watch a connection", ["reason": error])
    }
  }

  /// Forgets a connection that has been closed.
  func closed(_ connection: Connection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.position] = last
      last.position = connection.position
    }
    count.decrease()
    if connections.isEmpty, isDraining { resumeDrainWaiters() }
  }

  /// The Date field's value (RFC 9110, section 6.6.1), made anew each second.
  func currentDate() -> [UInt8] {
    if loop.now >= dateIsValidUntil { renewDate() }
    return date
  }

  private func renewDate() {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    date = HTTPDate(unixSeconds: time.tv_sec).bytes
    dateIsValidUntil = Instant(nanoseconds: loop.now.nanoseconds + 1_000_000_000 - Int64(time.tv_nsec))
  }

  // MARK: Runners

  /// Has a connection served that has something to read, by the runner that became idle last, or a new one.
  func serve(_ connection: Connection) {
    guard let runner = idleRunner else { return Runner(worker: self).start(with: connection) }
    idleRunner = runner.next
    runner.next = nil
    idleRunners -= 1
    runner.resume(with: connection)
  }

  /// Suspends a runner until there is a connection for it. Nil when it is one too many.
  func nextConnection(for runner: Runner) async -> Connection? {
    guard !isDraining, idleRunners < Self.mostIdleRunners else { return nil }
    runner.next = idleRunner
    idleRunner = runner
    idleRunners += 1
    return await runner.waitForConnection()
  }

  private func endIdleRunners() {
    while let runner = idleRunner {
      idleRunner = runner.next
      runner.next = nil
      runner.resume(with: nil)
    }
    idleRunners = 0
  }

  // MARK: The end

  func stopAccepting() {
    listener?.close()
    listener = nil
  }

  func beginDrain(until deadline: Instant) {
    isDraining = true
    for connection in connections { connection.closeIfIdle() }
    endIdleRunners()
    loop.upstreams.closeAll()
    // Those streams that end with the daemon have been told to end; a client that takes nothing must not hold it up.
    loop.schedule(at: min(deadline, loop.now + Self.partingTime)) { [weak self] in
      for connection in self?.connections ?? [] where connection.yieldsToDrain { connection.cut() }
    }
    loop.schedule(at: deadline) { [weak self] in
      guard let self else { return }
      self.hasCut = true
      for connection in self.connections { connection.cut() }
      // A handler that minds no cancellation must not hold the daemon's end up.
      self.resumeDrainWaiters()
    }
  }

  /// Returns when all connections are closed, or have been cut.
  func drained() async {
    guard !connections.isEmpty, !hasCut else { return }
    await withCheckedContinuation { drainWaiters.append($0) }
  }

  private func resumeDrainWaiters() {
    for waiter in drainWaiters { waiter.resume() }
    drainWaiters = []
  }
}
