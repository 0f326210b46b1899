internal import Core

/// A task that serves a worker's connections, one at a time: each from the first byte of a request until there is nothing
/// more to read.
///
/// So an idle connection costs neither a task nor the memory of its calls, and it is always the runner that served last,
/// whose memory is still at hand, that serves next.
// Sendable holds because only the loop's thread touches it, on which its task runs too.
// Safe holds for the stored continuation because it is taken out before it is resumed, so it is resumed once.
@safe final class Runner: @unchecked Sendable {
  let worker: Worker
  /// What the task waits for upstream, to be let go when the client leaves.
  let upstreamWait = AbortHandle()
  /// While idle: the runner that became idle before this one.
  var next: Runner?

  private var task: Task<Void, Never>?
  private var waiting: UnsafeContinuation<Connection?, Never>?

  init(worker: Worker) { self.worker = worker }

  /// Starts the task with its first connection.
  func start(with connection: Connection) {
    task = Task(executorPreference: worker.loop) { await self.run(connection) }
  }

  /// Lets the handler know that nobody is left to answer. The task stays cancelled, so it serves no other connection.
  func cancel() {
    task?.cancel()
    upstreamWait.abort()
  }

  /// Whether the handler's task has been cancelled.
  var isCancelled: Bool { upstreamWait.isAborted }

  /// Suspends until there is a connection to serve. Nil is the order to end.
  func waitForConnection() async -> Connection? {
    unsafe await withUnsafeContinuation { unsafe waiting = $0 }
  }

  /// Gives a runner that waits a connection to serve, or nil as the order to end.
  func resume(with connection: Connection?) {
    guard let waiting = unsafe waiting else { return }
    unsafe self.waiting = nil
    unsafe waiting.resume(returning: connection)
  }

  private func run(_ first: Connection) async {
    let exchange = Exchange(first, servedBy: self)
    var current: Connection? = first
    while let connection = current {
      exchange.connection = connection
      await connection.serve(exchange)
      current = isCancelled ? nil : await worker.nextConnection(for: self)
    }
    task = nil
  }
}
