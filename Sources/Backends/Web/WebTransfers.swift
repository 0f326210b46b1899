package import Core
package import HTTP
internal import Synchronization

/// The clients' requests to services on the web that can be hung up on.
package final class WebTransfers: Sendable {
  /// By where they go to: behind one gateway there may be many models' servers.
  private let open = Mutex<[Upstream: [ObjectIdentifier: WebTransfer]]>([:])

  package init() {}

  /// Makes a transfer that can be hung up on from now on, and is still to be started. Whoever does so closes it in the end.
  /// - Parameter whenHungUp: called when the transfer is hung up on; by any thread.
  package func open(to upstream: Upstream, whenHungUp: @escaping @Sendable () -> Void) -> WebTransfer {
    let transfer = WebTransfer(whenHungUp: whenHungUp)
    open.withLock { $0[upstream, default: [:]][ObjectIdentifier(transfer)] = transfer }
    return transfer
  }

  /// Ends a transfer that was opened so, unless it has ended by itself.
  package func close(_ transfer: WebTransfer, to upstream: Upstream) {
    open.withLock { open in
      open[upstream]?[ObjectIdentifier(transfer)] = nil
      if open[upstream]?.isEmpty == true { open[upstream] = nil }
    }
    transfer.cancel()
  }

  /// Ends every open transfer to that server.
  package func hangUp(on upstream: Upstream, for reason: HangUp) {
    for transfer in open.withLock({ $0[upstream] ?? [:] }).values { transfer.hangUp(for: reason) }
  }
}
