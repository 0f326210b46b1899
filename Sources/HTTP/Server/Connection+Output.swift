internal import Core
internal import Glibc

// Sending to the client, and parting from it.
extension Connection {
  /// Sends all of `buffer`, as fast as the client takes it.
  /// - Throws: `clientGone` when it takes no more, or has not for the time that is allowed.
  func send(_ buffer: ByteBuffer) async throws(ExchangeFailure) {
    loop.assertIsCurrent()
    guard await channel.sendAll(buffer, stall: worker.timeouts.writeStall) else { throw .clientGone }
  }

  /// Sends what the socket takes at once, and forgets the rest: a last word before the connection is cut.
  func sendLastWord(_ buffer: ByteBuffer) {
    _ = buffer.withBytes { channel.send($0) }
  }

  /// Answers a request that was not let through to the handler, and parts from the client.
  func refuse(_ fault: WireFault) async {
    let out = output
    loop.buffers.lend(to: out)
    defer { loop.buffers.recycle(out) }
    let body = fault.body
    out.appendStatusLine(fault.status)
    for (name, value) in worker.refusing(fault) { out.appendField(named: name, value) }
    out.append("Content-Type: application/json\r\nConnection: close\r\nDate: ")
    out.append(worker.currentDate())
    out.appendLineEnd()
    out.appendField("Content-Length", body.count)
    out.appendLineEnd()
    out.append(body)
    do { try await send(out) } catch { return }
    await linger()
  }

  /// Ends the sending side, then reads on for a while what the client still sends. Closing at once would reset the
  /// connection and could destroy the answer before the client has read it (RFC 9112, section 9.6).
  func linger() async {
    beginParting()
    guard shutdown(channel.descriptor, CInt(SHUT_WR)) == 0 else { return }
    loop.buffers.recycle(input)
    let deadline = loop.now + worker.timeouts.linger
    while loop.now < deadline {
      guard channel.isReadable else {
        guard await channel.waitReadable(until: deadline) == .ready else { return }
        continue
      }
      loop.buffers.lend(to: input)
      defer { loop.buffers.recycle(input) }
      switch channel.receive(into: input) {
      case .moved, .blocked: continue
      case .ended, .failed: return
      }
    }
  }
}

extension WireFault {
  /// As the OpenAI API words errors.
  var body: [UInt8] {
    let type = status >= 500 ? "server_error" : "invalid_request_error"
    // The messages are this program's own words: of what JSON escapes they may hold quotes, and nothing else.
    let message = message.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
    return Array(#"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":"\#(code)"}}"#.utf8)
  }

  static let headTimedOut = WireFault(
    status: 408, code: "request_timeout", message: "the request's head did not come in time")
  static let bodyStalled = WireFault(
    status: 408, code: "request_timeout", message: "the request's body did not come in time")
  static let tooManyConnections = WireFault(
    status: 503, code: "too_many_connections", message: "the server has too many connections")
  static let noAnswer = WireFault(status: 500, code: "internal_error", message: "the request was not answered")
}
