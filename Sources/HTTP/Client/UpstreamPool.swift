internal import Core
internal import Glibc

/// The idle connections of one loop to model servers, and the way to new ones.
// Sendable holds because only the loop's thread touches it.
final class UpstreamPool: @unchecked Sendable {
  private let loop: EventLoop
  /// Few, so that looking through them costs less than hashing a name.
  private var servers: [UpstreamServer] = []
  private var isSweeping = false

  /// Model servers close a connection that was idle for 5 s; one that is about to be is not worth the risk.
  static let longestIdle = Interval(.seconds(4))

  init(loop: EventLoop) { self.loop = loop }

  func server(at origin: Origin) -> UpstreamServer {
    for server in servers where server.origin == origin { return server }
    let server = UpstreamServer(origin: origin)
    servers.append(server)
    return server
  }

  /// The connection that was used last, if one is good for another request.
  func take(from server: UpstreamServer) -> UpstreamConnection? {
    while let connection = server.idle.popLast() {
      if !connection.isStale, connection.idleSince + Self.longestIdle > loop.now { return connection }
      connection.channel.close()
    }
    return nil
  }

  /// Keeps a connection whose answer has come to its end for the next request.
  func put(_ connection: UpstreamConnection, to server: UpstreamServer) {
    guard !connection.isStale else { return connection.channel.close() }
    connection.becomeIdle()
    server.idle.append(connection)
    sweepLater()
  }

  func closeAll() {
    for server in servers {
      for connection in server.idle { connection.channel.close() }
      server.idle = []
    }
  }

  /// Closes what has been idle for too long, every so often while there is anything idle.
  private func sweepLater() {
    guard !isSweeping else { return }
    isSweeping = true
    loop.schedule(at: loop.now + Self.longestIdle) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    isSweeping = false
    for server in servers {
      server.idle.removeAll { connection in
        let isKept = !connection.isStale && connection.idleSince + Self.longestIdle > loop.now
        if !isKept { connection.channel.close() }
        return !isKept
      }
    }
    // Models come and go, with ports of their own. A server that somebody may yet give a connection back to stays.
    for index in servers.indices.reversed() where servers[index].idle.isEmpty {
      if isKnownUniquelyReferenced(&servers[index]) { servers.remove(at: index) }
    }
    if !servers.isEmpty { sweepLater() }
  }
}

/// What a pool knows of one model server.
final class UpstreamServer {
  let origin: Origin
  /// The one used last at the end.
  var idle: [UpstreamConnection] = []
  /// As the Host field has it.
  let host: [UInt8]

  init(origin: Origin) {
    self.origin = origin
    host = Array(origin.description.utf8)
  }
}
