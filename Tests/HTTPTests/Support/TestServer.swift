import CLinux
import Core
import TestSupport

@testable import HTTP

/// The loop that the tests' own ends of connections live on.
enum TestLoop {
  static let shared: EventLoop = {
    guard let loop = try? EventLoop(name: "test") else { preconditionFailure("no descriptors are left for a loop") }
    return loop
  }()
}

/// A server on a port of its own, for as long as one test.
struct TestServer: Sendable {
  let server: HTTPServer
  let port: UInt16
  let loops: EventLoopGroup

  func connect(receiveBuffer: CInt? = nil, sending text: String = "") async throws -> Peer {
    try await Peer.connect(to: port, receiveBuffer: receiveBuffer, sending: text)
  }

  /// Sends a request over a connection of its own and reads the answer.
  func request(_ text: String) async throws -> Message {
    let client = try await connect()
    try await client.send(text)
    let answer = try await client.readMessage()
    await client.close()
    return answer
  }
}

/// Runs `test` with a server that answers with `handler`, and ends the server after it.
func withServer(
  _ limits: ServerLimits = .patient, loops loopCount: Int = 1, logger: Logger = .silent,
  handler: @escaping HTTPServer.Handler, _ test: (TestServer) async throws -> Void
) async throws {
  let loops = try EventLoopGroup(count: loopCount)
  let server = HTTPServer(
    address: try SocketAddress("127.0.0.1:0"), limits: limits, loops: loops, logger: logger, handler: handler)
  let address = try await server.start()
  do {
    try await test(TestServer(server: server, port: address.port, loops: loops))
  } catch {
    await end(server, loops)
    throw error
  }
  await end(server, loops)
}

private func end(_ server: HTTPServer, _ loops: EventLoopGroup) async {
  await server.drain(until: SystemTimeline().now)
  await loops.shutdown()
}

/// A model server whose every word a test speaks itself.
final class ScriptedUpstream: Sendable {
  let port: UInt16
  private let channel: Channel

  var origin: Origin { Origin(host: "127.0.0.1", port: port) }

  init() async throws {
    let socket = try TCP.listen(at: try SocketAddress("127.0.0.1:0"), joining: false)
    port = TCP.localAddress(socket)?.port ?? 0
    channel = try await TestLoop.shared.run { () async throws(SystemFailure) in try TestLoop.shared.adopt(socket) }
  }

  /// Waits for the next connection.
  func accept() async throws -> Peer {
    let channel = channel
    return try await channel.loop.run { () async throws -> Peer in
      while true {
        guard await channel.waitReadable() == .ready else { throw Peer.Failure.closedHere }
        let socket = linux_accept(channel.descriptor)
        if socket >= 0 { return Peer(try channel.loop.adopt(socket)) }
        channel.noteDrained()
      }
    }
  }

  func close() async {
    let channel = channel
    await channel.loop.run { () async in channel.close() }
  }
}

extension Origin {
  /// Where nobody listens: no server of a test is at that address, while a port of theirs is soon another one's.
  static let nobody = Origin(host: "127.0.0.99", port: 9)
}
