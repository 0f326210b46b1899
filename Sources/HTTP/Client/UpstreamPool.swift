internal import Core

/// One loop's connections to model servers.
// Sendable holds because only the loop's thread touches it.
final class UpstreamPool: @unchecked Sendable {
  /// Few, so that looking through them costs less than hashing a name.
  private var servers: [UpstreamServer] = []
  private var isSweeping = false

  /// Model servers close a connection that was idle for 5 s; one that is about to be is not worth the risk.
  var longestIdle = Interval(.seconds(4))

  func server(at origin: Origin) -> UpstreamServer {
    for server in servers where server.origin == origin { return server }
    let server = UpstreamServer(origin: origin)
    servers = servers + [server]
    return server
  }

  /// The connection that was used last, if one is good for another request.
  func take(from server: UpstreamServer, at now: Instant) -> UpstreamConnection? {
    while let connection = server.idle {
      server.idle = connection.next
      connection.next = nil
      if isGood(connection, at: now) {
        connection.becomeBusy()
        return connection
      }
      connection.channel.close()
    }
    return nil
  }

  /// Keeps a connection whose answer has come to its end for the next request.
  func put(_ connection: UpstreamConnection, to server: UpstreamServer) {
    guard !connection.isStale else { return connection.channel.close() }
    connection.becomeIdle()
    connection.next = server.idle
    server.idle = connection
    if !isSweeping { sweepLater(on: connection.channel.loop) }
  }

  func closeAll() {
    for server in servers { keep(in: server) { _ in false } }
  }

  /// Ends every connection to that server; the requests that are on some of them fail.
  func hangUp(on origin: Origin, for reason: HangUp) {
    for server in servers where server.origin == origin {
      keep(in: server) { _ in false }
      for connection in server.busy { connection.hangUp(for: reason) }
    }
  }

  private func isGood(_ connection: UpstreamConnection, at now: Instant) -> Bool {
    !connection.isStale && connection.idleSince + longestIdle > now
  }

  /// Closes what has been idle for too long, every so often while there is anything idle.
  private func sweepLater(on loop: EventLoop) {
    isSweeping = true
    loop.schedule(at: loop.now + longestIdle) { [weak self, unowned loop] in self?.sweep(on: loop) }
  }

  private func sweep(on loop: EventLoop) {
    isSweeping = false
    for server in servers { keep(in: server) { isGood($0, at: loop.now) } }
    var known = servers
    servers = []
    // Models come and go, with ports of their own. A server that somebody may yet give a connection back to stays.
    for index in known.indices.reversed() where known[index].idle == nil {
      if isKnownUniquelyReferenced(&known[index]) { known.remove(at: index) }
    }
    servers = known
    if servers.contains(where: { $0.idle != nil }) { sweepLater(on: loop) }
  }

  /// Closes the idle connections that are not worth keeping.
  private func keep(in server: UpstreamServer, where isKept: (UpstreamConnection) -> Bool) {
    var rest = server.idle
    var kept: [UpstreamConnection] = []
    server.idle = nil
    while let connection = rest {
      rest = connection.next
      connection.next = nil
      if isKept(connection) { kept.append(connection) } else { connection.channel.close() }
    }
    for connection in kept.reversed() {
      connection.next = server.idle
      server.idle = connection
    }
  }
}

/// What a pool knows of one model server.
final class UpstreamServer {
  let origin: Origin
  /// The idle connection that was used last; the others follow it in a list.
  var idle: UpstreamConnection?
  /// Those that bear a request.
  private(set) var busy: [UpstreamConnection] = []
  /// As the Host field has it.
  let host: [UInt8]

  init(origin: Origin) {
    self.origin = origin
    host = Array(origin.description.utf8)
  }

  /// Notes that the connection bears a request of the client at `client`, until `release`.
  func use(_ connection: UpstreamConnection, for client: Channel) {
    connection.client = client
    connection.position = busy.count
    busy.append(connection)
  }

  func release(_ connection: UpstreamConnection) {
    connection.client = nil
    let last = busy.removeLast()
    if last !== connection {
      busy[connection.position] = last
      last.position = connection.position
    }
  }
}
