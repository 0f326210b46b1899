import CLinux
import Core
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(10)))
struct RequestPumpTests {
  @Test func `a pump that is to stop just when the server takes more does not wait for it again`() async throws {
    let upstream = try await ScriptedUpstream()
    let origin = upstream.origin
    let stopped = Signal<Void>()
    try await withServer { exchange in
      let dialled = try? await Dialler.connect(
        to: origin, within: .seconds(600), on: exchange.loop, abortedBy: exchange.runner.upstreamWait)
      guard let connection = dialled else { return }
      let request = OutgoingRequest(
        exchange, ForwardPlan(origin: origin), to: UpstreamServer(origin: origin), in: connection.output)
      let pump = RequestPump(request, exchange, to: connection.channel)
      pump.start()
      while connection.channel.isWritable { await Task.yield() }
      // The pump is told that it may go on, and before it does, to stop.
      connection.channel.handle(EPOLLOUT.rawValue)
      await pump.stop()
      connection.channel.close()
      stopped.set()
    } _: { server in
      let client = try await server.connect()
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
      let flood = Task {
        let block = [UInt8](repeating: 0x61, count: 1 << 18)
        while !Task.isCancelled {
          _ = await client.flood(with: block, atMost: 1 << 20)
          await client.waitForRoom()
        }
      }
      await stopped.value
      flood.cancel()
      await client.close()
      await flood.value
    }
    await upstream.close()
  }
}
