internal import Core
internal import Glibc

/// One client's connection: a single task that reads a head, has it handled, and goes on with the next.
// Sendable holds because only the loop's thread touches it, on which its task runs too.
final class Connection: @unchecked Sendable {
  private enum Phase { case idle, readingHead, handling, tunnelling, lingering }

  let channel: Channel
  let worker: Worker
  /// Where the worker keeps it in its list.
  var position: Int

  /// What has come and is not done with: the head of the request, and behind it what has been read of its body. It holds
  /// storage only while it holds bytes.
  let input = ByteBuffer()
  /// What is on its way to the client, as long as that takes.
  let output = ByteBuffer()
  var head = RequestHead()
  /// When the first byte of that head came.
  private(set) var headBeganAt = Instant.zero
  /// What the handler's task waits for upstream, to be let go when the client leaves.
  let upstreamWait = AbortHandle()

  private var phase = Phase.idle
  private var task: Task<Void, Never>?

  init(channel: Channel, worker: Worker, position: Int) {
    self.channel = channel
    self.worker = worker
    self.position = position
  }

  var loop: EventLoop { worker.loop }

  /// Begins to serve.
  /// - Parameter isSurplus: there are too many connections; this one is only told so.
  func start(isSurplus: Bool) {
    channel.whenPeerEnds = { [unowned self] in if phase == .handling { cancel() } }
    task = Task(executorPreference: loop) {
      if isSurplus { await self.refuse(.tooManyConnections) } else { await self.serve() }
      self.close()
    }
  }

  // MARK: Ended from elsewhere

  /// Closes the connection if it is between two requests.
  func closeIfIdle() { if phase == .idle { channel.interruptReader() } }

  /// Ends the request being handled, and whatever else goes on, without waiting for the client.
  func cut() {
    cancel()
    channel.abort()
  }

  /// Lets the handler know that there is nobody left to answer.
  private func cancel() {
    task?.cancel()
    upstreamWait.abort()
  }

  // MARK: The task

  private func serve() async {
    let exchange = Exchange(self)
    var parser = RequestParser(limits: worker.limits.head)
    while await readHead(&parser) {
      phase = .handling
      if channel.peerHasEnded { cancel() }
      exchange.begin()
      await worker.handler(exchange)
      guard await exchange.conclude() else { return }
    }
  }

  /// Whether the handler's task has been cancelled, as nobody waits for the answer.
  var isCancelled: Bool { upstreamWait.isAborted }

  /// Returns whether there is a whole head; if not, the connection is to be closed.
  private func readHead(_ parser: inout RequestParser) async -> Bool {
    phase = .readingHead
    if !input.isEmpty { headBeganAt = loop.now }
    while true {
      do throws(WireFault) {
        if !input.isEmpty, try parseHead(&parser) { return true }
      } catch {
        await refuse(error)
        return false
      }
      guard channel.isReadable else {
        guard await waitForHead() else { return false }
        continue
      }
      if input.isEmpty {
        if input.capacity == 0 { loop.buffers.lend(to: input) }
        headBeganAt = loop.now
      }
      switch channel.receive(into: input) {
      case .moved, .blocked: continue
      case .ended, .failed: return false
      }
    }
  }

  private func parseHead(_ parser: inout RequestParser) throws(WireFault) -> Bool {
    // Taken out meanwhile, so that the property is only ever read and written whole, which needs no check for exclusive
    // access.
    var head = RequestHead()
    swap(&head, &self.head)
    defer { swap(&head, &self.head) }
    return try input.withBytes { bytes throws(WireFault) in try parser.parse(bytes, into: &head) }
  }

  private func waitForHead() async -> Bool {
    guard input.isEmpty else {
      switch await channel.waitReadable(until: headBeganAt + worker.timeouts.head) {
      case .ready: return true
      case .timedOut:
        await refuse(.headTimedOut)
        return false
      case .aborted: return false
      }
    }
    guard !worker.isDraining else { return false }
    loop.buffers.recycle(input)
    phase = .idle
    defer { phase = .readingHead }
    return await channel.waitReadable(until: loop.now + worker.timeouts.idle) == .ready
  }

  /// Notes that the client's end alone no longer means that it has gone: both directions of a tunnel end for themselves.
  func beginTunnel() { phase = .tunnelling }

  private func close() {
    loop.buffers.recycle(input)
    channel.close()
    task = nil
    worker.closed(self)
  }
}
