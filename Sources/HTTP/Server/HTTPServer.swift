package import Core
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server on one address, with a listener and connections on each of its loops.
package final class HTTPServer: Sendable {
  /// Answers one request. It runs on the connection's loop; its task is cancelled when the client has gone.
  package typealias Handler = @Sendable (Exchange) async -> Void

  private let address: SocketAddress
  private let workers: [Worker]
  private let connections = ConnectionCount()
  private let logger: Logger

  /// What is told of a request that is refused before it gets to the handler; returns what the answer bears besides its own
  /// fields.
  package typealias RefusalObserver = @Sendable (WireFault) -> [(String, String)]

  package init(
    address: SocketAddress, limits: ServerLimits = ServerLimits(), loops: EventLoopGroup, logger: Logger,
    refusing: @escaping RefusalObserver = { _ in [] }, handler: @escaping Handler
  ) {
    self.address = address
    self.logger = logger
    let connections = connections
    workers = loops.loops.map {
      Worker(
        loop: $0, limits: limits, connections: connections, logger: logger, refusing: refusing, handler: handler)
    }
  }

  /// Open connections of all loops together.
  package var connectionCount: Int { connections.value }

  /// Binds the address. From then on nobody else can have it, and who connects waits, without being refused, for
  /// `accept`.
  /// - Returns: the address with the port that was bound, where port 0 let the system choose.
  /// - Throws: `ListenFailure` that names the address, as when somebody else holds it; nothing is bound then.
  package func bind() async throws(ListenFailure) -> SocketAddress {
    var bound = address
    var sockets: [CInt] = []
    do throws(SystemFailure) {
      for index in workers.indices {
        sockets.append(try TCP.listen(at: bound, joining: index > 0))
        if index == 0, let local = TCP.localAddress(sockets[0]) { bound = local }
      }
    } catch {
      for socket in sockets { _ = Glibc.close(socket) }
      throw ListenFailure(address: bound, failure: error)
    }
    for (worker, socket) in zip(workers, sockets) { worker.loop.execute { worker.listen(on: socket) } }
    return bound
  }

  /// Begins to serve those who have connected and all who will. To be called once, after `bind`.
  package func accept() {
    for worker in workers { worker.loop.execute { worker.accept() } }
  }

  /// Binds the address and begins to accept, as `bind` and `accept` do one after the other.
  package func start() async throws(ListenFailure) -> SocketAddress {
    let bound = try await bind()
    accept()
    return bound
  }

  /// Closes the listeners, after what they have already been handed was accepted. Open connections live on.
  package func stopAccepting() {
    for worker in workers { worker.loop.execute { worker.stopAccepting() } }
  }

  /// Stops accepting, closes idle connections at once and the others after their answer. What is left at `deadline` is cut.
  package func drain(until deadline: Instant) async {
    stopAccepting()
    for worker in workers { worker.loop.execute { worker.beginDrain(until: deadline) } }
    for worker in workers { await worker.loop.run { await worker.drained() } }
  }
}

/// An address that could not be listened on.
package struct ListenFailure: Error, Sendable, CustomStringConvertible {
  package let address: SocketAddress
  package let failure: SystemFailure

  package var description: String { "cannot listen on \(address): \(failure.reason)" }
}

/// How many connections a server has open on all its loops.
final class ConnectionCount: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .relaxed) }

  /// Counts one more and returns how many there are then.
  func increase() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

  func decrease() { count.wrappingSubtract(1, ordering: .relaxed) }
}
