package import Core
internal import Synchronization

/// The event loops of a program, dealt out in turn.
package struct EventLoopGroup: Sendable {
  package let loops: [EventLoop]
  private let turn = Turn()

  /// Starts `count` loops, at least one.
  /// - Throws: `SystemFailure` when the process may open no more descriptors or threads.
  package init(count: Int) throws(SystemFailure) {
    var loops: [EventLoop] = []
    for index in 0..<max(count, 1) { loops.append(try EventLoop(name: "loop-\(index)")) }
    self.loops = loops
  }

  /// One loop after the other.
  package func next() -> EventLoop { loops[turn.take() % loops.count] }

  /// Ends every connection that requests are forwarded over to a server, soon. The requests that are on some of them fail.
  package func hangUp(on origin: Origin, for reason: HangUp) {
    for loop in loops { loop.execute { loop.upstreams.hangUp(on: origin, for: reason) } }
  }

  /// Ends all loops; see `EventLoop.shutdown()`.
  package func shutdown() async {
    for loop in loops { await loop.shutdown() }
  }

  private final class Turn: Sendable {
    private let count = Atomic<Int>(0)

    func take() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue & .max }
  }
}
