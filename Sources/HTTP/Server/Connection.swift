internal import Core
internal import Glibc

/// One client's connection. It is parked while it is idle; at the first byte of a request it is given a runner, which reads
/// heads and has them handled until there is nothing more to read.
// Sendable holds because only the loop's thread touches it.
final class Connection: @unchecked Sendable {
  private enum Phase { case parked, readingHead, handling, tunnelling, parting }

  /// What came of the attempt to read a head.
  private enum HeadOutcome {
    case whole
    /// There is nothing to read, not even the beginning of a head.
    case idle
    /// The connection is to be closed.
    case over
  }

  let channel: Channel
  let worker: Worker
  /// Where the worker keeps it in its list.
  var position: Int
  /// There are too many connections; this one is only told so.
  private let isSurplus: Bool

  /// What has come and is not done with: the head of the request, and behind it what has been read of its body. It has
  /// storage only while it holds bytes.
  let input = ByteBuffer()
  /// What is on its way to the client, as long as that takes.
  let output = ByteBuffer()
  /// When the first byte of the request came.
  private(set) var headBeganAt = Instant.zero

  /// Whether a drain is to cut the answer under way instead of waiting for it.
  var yieldsToDrain = false

  /// How many requests the handler is done with.
  private(set) var handledRequests = 0

  private var phase = Phase.parked
  /// Who serves it; nil while it is parked.
  private var runner: Runner?

  init(channel: Channel, worker: Worker, position: Int, isSurplus: Bool) {
    self.channel = channel
    self.worker = worker
    self.position = position
    self.isSurplus = isSurplus
    channel.whenPeerEnds = { [unowned self] in if phase == .handling { runner?.cancel() } }
    channel.whenParkEnds = { [unowned self] in unpark($0) }
  }

  var loop: EventLoop { worker.loop }

  /// Begins to serve.
  func start() {
    if isSurplus { worker.serve(self) } else { park() }
  }

  // MARK: Ended from elsewhere

  /// Closes the connection if it is between two requests.
  func closeIfIdle() { if phase == .parked { channel.interruptReader() } }

  /// Ends the request being handled, and whatever else goes on, without waiting for the client.
  func cut() {
    runner?.cancel()
    channel.abort()
  }

  /// Ends a wait for the client, as if it had left, of the handler that began when so many requests had been handled; nothing
  /// when it is done.
  func interruptHandler(after handledRequests: Int) {
    guard handledRequests == self.handledRequests else { return }
    channel.interruptReader()
    channel.interruptWriter()
  }

  // MARK: Between two requests

  private func park() {
    loop.buffers.recycle(input)
    runner = nil
    phase = .parked
    channel.park(until: loop.now + worker.timeouts.idle)
  }

  private func unpark(_ wake: Wake) {
    switch wake {
    case .ready: worker.serve(self)
    case .timedOut, .aborted: close()
    }
  }

  // MARK: In the runner's task

  /// Serves until the connection is idle, and parked, or over, and closed.
  func serve(_ exchange: Exchange) async {
    runner = exchange.runner
    guard !isSurplus else {
      await refuse(.tooManyConnections)
      return close()
    }
    var parser = RequestParser(limits: worker.limits.head)
    while true {
      phase = .readingHead
      switch await readHead(&parser, of: exchange) {
      case .whole: break
      case .idle: return park()
      case .over: return close()
      }
      phase = .handling
      if channel.peerHasEnded { runner?.cancel() }
      exchange.begin()
      await worker.handler(exchange)
      handledRequests &+= 1
      guard await exchange.conclude() else { return close() }
    }
  }

  private func readHead(_ parser: inout RequestParser, of exchange: Exchange) async -> HeadOutcome {
    headBeganAt = loop.now
    while true {
      do throws(WireFault) {
        if !input.isEmpty, try exchange.parseHead(&parser) { return .whole }
      } catch {
        await refuse(error)
        return .over
      }
      guard channel.isReadable else {
        if input.isEmpty, !channel.hasInput { return worker.isDraining || channel.isAborted ? .over : .idle }
        switch await channel.waitReadable(until: headBeganAt + worker.timeouts.head) {
        case .ready: continue
        case .timedOut:
          await refuse(.headTimedOut)
          return .over
        case .aborted: return .over
        }
      }
      if input.capacity == 0 { loop.buffers.lend(to: input) }
      switch channel.receive(into: input) {
      case .moved, .blocked: continue
      case .ended, .failed: return .over
      }
    }
  }

  /// Notes that the client's end alone no longer means that it has gone: both directions of a tunnel end for themselves.
  func beginTunnel() { phase = .tunnelling }

  /// Notes that there is nothing left to be handled.
  func beginParting() { phase = .parting }

  private func close() {
    loop.buffers.recycle(input)
    runner = nil
    channel.close()
    worker.closed(self)
  }
}
