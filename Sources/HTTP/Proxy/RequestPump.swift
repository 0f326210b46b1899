internal import Core

/// Sends the part of a request that could not go out at once, while the answer may already come: what the server has not
/// taken yet, then what the client is still sending.
// Sendable holds because only the loop's thread touches it, on which its task runs too.
final class RequestPump: @unchecked Sendable {
  private var request: OutgoingRequest
  private let exchange: Exchange
  private let server: Channel
  private var isStopping = false
  private var task: Task<Void, Never>?
  /// Whether all of the request has been sent.
  private(set) var isDone = false
  /// Why the client's body could not be read to its end.
  private(set) var failure: ExchangeFailure?

  init(_ request: consuming OutgoingRequest, _ exchange: Exchange, to server: Channel) {
    self.request = request
    self.exchange = exchange
    self.server = server
  }

  private var client: Channel { exchange.connection.channel }
  private var loop: EventLoop { exchange.loop }

  func start() {
    task = Task(executorPreference: loop) {
      if await self.sendBuffered(), await self.endBufferedChunk() { await self.streamRest() }
      self.request.finish(self.loop)
    }
  }

  /// Ends the pumping, if it has not ended, and waits until it has. The connection to the server bears nothing more then.
  func stop() async {
    isStopping = true
    client.interruptReader()
    // Not only a wait of now: one that has just ended may be followed by another.
    server.abort()
    await task?.value
  }

  private func sendBuffered() async -> Bool {
    while !request.isSent {
      // How the server fails is told by whoever reads its answer.
      switch request.sendSome(exchange, on: server) {
      case .moved, .blocked: break
      case .ended, .failed: return false
      }
      guard !request.isSent else { break }
      guard await server.waitWritable() == .ready, !isStopping else { return false }
    }
    return true
  }

  private func endBufferedChunk() async -> Bool {
    guard request.beginsChunk else { return true }
    let end = ByteBuffer()
    end.appendLineEnd()
    return await server.sendAll(end)
  }

  private func streamRest() async {
    let piece = ByteBuffer()
    defer { loop.buffers.recycle(piece) }
    while !exchange.bodyIsComplete {
      if !client.isReadable { loop.buffers.recycle(piece) }
      do throws(ExchangeFailure) {
        try await exchange.waitForBody()
        guard !isStopping else { return }
        let payloadBytes = try readPiece(into: piece)
        guard payloadBytes > 0 || exchange.bodyIsComplete else { continue }
        guard await send(piece, payloadBytes) else { return }
      } catch {
        guard !isStopping else { return }
        failure = error
        server.abort()
        return
      }
    }
    isDone = true
  }

  /// Returns how many bytes of the body now stand at the front of `piece`.
  private func readPiece(into piece: ByteBuffer) throws(ExchangeFailure) -> Int {
    if piece.capacity == 0 { loop.buffers.lend(to: piece) }
    piece.removeAll()
    switch client.receive(into: piece) {
    case .moved: return try exchange.takeStreamed(piece)
    case .blocked: return 0
    case .ended, .failed: throw .clientGone
    }
  }

  private func send(_ piece: ByteBuffer, _ payloadBytes: Int) async -> Bool {
    guard request.isChunked else { return await server.sendAll(ByteBuffer(), piece, 0..<payloadBytes, ByteBuffer()) }
    let (front, back) = (ByteBuffer(), ByteBuffer())
    if payloadBytes > 0 {
      front.appendChunkSize(payloadBytes)
      back.appendLineEnd()
    }
    if exchange.bodyIsComplete { back.appendLastChunk() }
    return await server.sendAll(front, piece, 0..<payloadBytes, back)
  }
}
