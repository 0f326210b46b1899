import Core
import Glibc
import Synchronization

@testable import HTTP

/// One end of a TCP connection that a test drives byte for byte.
final class Peer: Sendable {
  /// Why a peer could not read what a test expects.
  enum Failure: Error, Equatable {
    /// The other side ended the connection after these bytes.
    case ended(String)
    case reset(String)
    case closedHere
  }

  private let channel: Channel
  private let unread = Mutex<[UInt8]>([])

  init(_ channel: Channel) { self.channel = channel }

  deinit { channel.loop.execute { [channel] in channel.close() } }

  /// - Parameters:
  ///   - receiveBuffer: small, it lets a peer that does not read hold the other side back early.
  ///   - text: sent by the loop itself as soon as it is connected, however busy the tests' threads are.
  static func connect(
    to port: UInt16, receiveBuffer: CInt? = nil, sending text: String = ""
  ) async throws -> Peer {
    let loop = TestLoop.shared
    let address = try SocketAddress(host: "127.0.0.1", port: port)
    return try await loop.run { () async throws -> Peer in
      let socket = try TCP.connect(to: address)
      if var bytes = receiveBuffer {
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
      }
      let channel = try loop.adopt(socket)
      channel.noteFull()
      _ = await channel.waitWritable()
      if let failure = TCP.connectFailure(channel.descriptor) {
        channel.close()
        throw failure
      }
      let buffer = ByteBuffer()
      buffer.append(contentsOf: text)
      _ = await channel.sendAll(buffer)
      return Peer(channel)
    }
  }

  // MARK: Sending

  /// Sends all of `text`, however long the other side takes.
  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws {
    let channel = channel
    let isSent = await channel.loop.run {
      let buffer = ByteBuffer()
      buffer.append(bytes)
      return await channel.sendAll(buffer)
    }
    guard isSent else { throw Failure.reset("") }
  }

  /// Sends as much as the sockets between here and the other side hold. Returns how many bytes that was.
  func flood(with block: [UInt8], atMost limit: Int) async -> Int {
    let channel = channel
    return await channel.loop.run {
      var sent = 0
      while sent < limit {
        guard case .moved(let count) = channel.send(block.span) else { break }
        sent += count
      }
      return sent
    }
  }

  /// Waits until the other side has made room for more.
  func waitForRoom() async {
    let channel = channel
    _ = await channel.loop.run { await channel.waitWritable() }
  }

  func endSending() { shutdown(channel.descriptor, CInt(SHUT_WR)) }

  func close() async {
    let channel = channel
    await channel.loop.run { () async in channel.close() }
  }

  /// Breaks the connection off with a reset.
  func reset() async {
    let channel = channel
    await channel.loop.run { () async in
      channel.resetOnClose()
      channel.close()
    }
  }

  // MARK: Receiving

  /// Waits until there is something to read, and leaves it unread.
  func waitForInput() async throws {
    let channel = channel
    guard await channel.loop.run({ await channel.waitReadable() }) == .ready else { throw Failure.closedHere }
  }

  /// Reads up to and with the empty line that ends a head.
  func readHead() async throws -> String { try await read { $0.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound } }

  func read(_ count: Int) async throws -> String { try await read { $0.count >= count ? count : nil } }

  func readLine() async throws -> String { try await read { $0.firstRange(of: Array("\r\n".utf8))?.upperBound } }

  /// Reads a whole message whose body has a length, is chunked or is absent.
  func readMessage() async throws -> Message {
    var message = Message(head: try await readHead())
    if message["transfer-encoding"] == "chunked" {
      // CR LF is one character.
      while let size = Int(try await readLine().dropLast(), radix: 16), size > 0 {
        message.chunks.append(String(try await read(size + 2).dropLast()))
      }
      _ = try await readLine()
    } else if let length = message["content-length"].flatMap({ Int($0) }) {
      message.body = try await read(length)
    }
    return message
  }

  /// Reads until the other side ends the connection.
  func readToEnd() async throws -> String {
    do {
      return try await read { _ in nil }
    } catch Failure.ended(let rest) {
      return rest
    }
  }

  private func read(until end: @Sendable ([UInt8]) -> Int?) async throws -> String {
    while true {
      let taken = unread.withLock { unread in
        end(unread).map { count in
          defer { unread.removeFirst(count) }
          return String(decoding: unread[..<count], as: UTF8.self)
        }
      }
      if let taken { return taken }
      switch await receive() {
      case .moved: continue
      case .ended: throw Failure.ended(takeAll())
      case .failed: throw Failure.reset(takeAll())
      case .blocked: throw Failure.closedHere
      }
    }
  }

  private func takeAll() -> String {
    unread.withLock { unread in
      defer { unread = [] }
      return String(decoding: unread, as: UTF8.self)
    }
  }

  private func receive() async -> Transfer {
    let channel = channel
    let (outcome, bytes) = await channel.loop.run { () async -> (Transfer, [UInt8]) in
      let buffer = ByteBuffer()
      var outcome = Transfer.blocked
      while case .blocked = outcome {
        guard await channel.waitReadable() == .ready else { break }
        outcome = channel.receive(into: buffer)
      }
      return (outcome, buffer.withBytes { bytes in bytes.indices.map { bytes[$0] } })
    }
    unread.withLock { $0 += bytes }
    return outcome
  }
}

/// An HTTP message as it came.
struct Message {
  let head: String
  var chunks: [String] = []
  var body = ""

  init(head: String) { self.head = head }

  var startLine: String { String(head.prefix { $0 != "\r\n" }) }
  /// Of an answer.
  var status: Int { Int(startLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
  /// The payload, whatever its framing.
  var content: String { chunks.isEmpty ? body : chunks.joined() }

  /// The value of the only field of that name, in lower case; nil without one.
  subscript(_ name: String) -> String? {
    let values = values(of: name)
    return values.count == 1 ? values[0] : nil
  }

  func values(of name: String) -> [String] {
    head.split(separator: "\r\n").dropFirst().compactMap { line in
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { return nil }
      return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
  }
}
