internal import Core

/// Makes connections to model servers.
enum Dialler {
  /// Why no connection came about, worded for a person; nothing has been sent.
  struct Failure: Error {
    let reason: String
    var timedOut = false
  }

  /// Connects to `origin`, trying its addresses one after another. Runs on `loop`.
  /// - Parameter wait: aborted, it ends the attempt.
  static func connect(
    to origin: Origin, within timeout: Duration, on loop: EventLoop, abortedBy wait: AbortHandle
  ) async throws(Failure) -> UpstreamConnection {
    let deadline = loop.now + Interval(timeout)
    let addresses: [SocketAddress]
    do {
      addresses = try await Resolver.addresses(of: origin.host, port: origin.port)
    } catch {
      throw Failure(reason: error.description)
    }
    var failure = Failure(reason: "\(origin): has no address")
    for (index, address) in addresses.enumerated() {
      // Those that are still to be tried get their share of the time.
      let share = max((deadline - loop.now).nanoseconds, 0) / Int64(addresses.count - index)
      do {
        return try await connect(to: address, until: loop.now + .nanoseconds(share), on: loop, abortedBy: wait)
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private static func connect(
    to address: SocketAddress, until deadline: Instant, on loop: EventLoop, abortedBy wait: AbortHandle
  ) async throws(Failure) -> UpstreamConnection {
    let channel: Channel
    do throws(SystemFailure) {
      channel = try loop.adopt(try TCP.connect(to: address))
    } catch {
      throw Failure(reason: "\(address): \(error.reason)")
    }
    channel.noteFull()
    wait.attach(channel)
    defer { wait.detach() }
    let wake = await channel.waitWritable(until: deadline)
    let failure = TCP.connectFailure(channel.descriptor)
    if wake == .ready, failure == nil { return UpstreamConnection(channel: channel) }
    channel.close()
    switch wake {
    case .timedOut: throw Failure(reason: "\(address): the connection could not be made in time", timedOut: true)
    case .aborted: throw Failure(reason: "\(address): no longer wanted")
    case .ready: throw Failure(reason: "\(address): \(failure?.reason ?? "not connected")")
    }
  }
}
