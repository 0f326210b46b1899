internal import Core
internal import Glibc

// What follows an upgrade that the client asked for and the server granted (RFC 9110, section 7.8).
extension Forwarding {
  /// Tells the client, then carries bytes both ways until both sides have ended.
  mutating func tunnel(_ origin: Origin) async throws(ForwardFailure) {
    connection.beginTunnel()
    upstream.isTunnel = true
    exchange.record.status = 101
    exchange.abort()
    let (input, out) = (upstream.input, connection.output)
    loop.buffers.lend(to: out)
    input.withBytes { bytes in
      out.append("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n")
      if let name = upstream.head.fields.value(of: .upgrade) {
        out.append("Upgrade: ")
        out.append(bytes.extracting(name.range))
        out.appendLineEnd()
      }
      out.appendFields(upstream.head.fields, of: bytes, end: upstream.head.byteCount, excluding: [.contentLength])
    }
    exchange.extraFields.withBytes { out.append($0) }
    out.appendLineEnd()
    let isTold = await connection.channel.sendAll(out, stall: connection.worker.timeouts.writeStall)
    loop.buffers.recycle(out)
    guard isTold else { throw hungUp(origin)?.midStream(bytesSent: 0) ?? .clientGone }
    // What came behind the two heads belongs to the new protocol.
    input.consume(upstream.head.byteCount)
    connection.input.consume(exchange.endOfRequest)
    let toServer = TunnelDirection(from: connection.channel, to: upstream.channel, first: connection.input)
    let toClient = TunnelDirection(from: upstream.channel, to: connection.channel, first: input)
    let task = Task(executorPreference: loop) { await toServer.run() }
    await toClient.run()
    await task.value
    exchange.record.bodyBytes = toClient.movedBytes
    if let failure = hungUp(origin)?.midStream(bytesSent: toClient.movedBytes) { throw failure }
  }
}

/// One direction of a tunnel.
// Sendable holds because only the loop's thread touches it.
private final class TunnelDirection: @unchecked Sendable {
  private let source: Channel
  private let target: Channel
  private let buffer: ByteBuffer
  private(set) var movedBytes = 0

  init(from source: Channel, to target: Channel, first buffer: ByteBuffer) {
    self.source = source
    self.target = target
    self.buffer = buffer
  }

  /// Carries bytes until the source ends, then ends the target's direction. Any failure ends both.
  func run() async {
    defer { source.loop.buffers.recycle(buffer) }
    while true {
      guard buffer.isEmpty else {
        guard await target.sendAll(buffer) else { return breakOff() }
        movedBytes += buffer.count
        buffer.removeAll()
        continue
      }
      guard source.isReadable else {
        source.loop.buffers.recycle(buffer)
        guard await source.waitReadable() == .ready else { return breakOff() }
        continue
      }
      if buffer.capacity == 0 { source.loop.buffers.lend(to: buffer) }
      switch source.receive(into: buffer) {
      case .moved, .blocked: continue
      case .ended: return endTarget()
      case .failed: return breakOff()
      }
    }
  }

  private func endTarget() {
    if shutdown(target.descriptor, CInt(SHUT_WR)) != 0 { breakOff() }
  }

  private func breakOff() {
    source.abort()
    target.abort()
  }
}
