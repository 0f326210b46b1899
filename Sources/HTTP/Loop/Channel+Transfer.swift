internal import CLinux
internal import Glibc

/// How one attempt to move bytes without waiting ended.
enum Transfer {
  case moved(Int)
  /// The peer will send no more.
  case ended
  /// Nothing is possible until the channel is ready again.
  case blocked
  case failed(SystemFailure)
}

// Moving bytes without waiting.
extension Channel {
  /// Reads once (recv(2)) into the buffer's free room, or into 64 KiB more when little is left.
  func receive(into buffer: ByteBuffer) -> Transfer {
    var outcome = Transfer.blocked
    let room = buffer.capacity - buffer.count
    unsafe buffer.append(upTo: room >= 4_096 ? min(room, BufferPool.bufferBytes) : BufferPool.bufferBytes) { memory in
      outcome = unsafe read(memory, with: linux_receive)
      return if case .moved(let count) = outcome { count } else { 0 }
    }
    return outcome
  }

  /// Reads once (read(2)) into the memory given, which must not be empty; for descriptors that are no sockets.
  func read(into memory: UnsafeMutableRawBufferPointer) -> Transfer { unsafe read(memory, with: Glibc.read) }

  @inline(__always)
  private func read(
    _ memory: UnsafeMutableRawBufferPointer, with call: (CInt, UnsafeMutableRawPointer?, Int) -> Int
  ) -> Transfer {
    while true {
      let count = unsafe call(descriptor, memory.baseAddress, memory.count)
      if count > 0 {
        // A short read has emptied the socket; but when the peer has ended, no further edge would bring its end up.
        if count < memory.count, !peerHasEnded { noteDrained() } else { noteRead() }
        return .moved(count)
      }
      if count == 0 { return .ended }
      if errno == EINTR { continue }
      if errno != EAGAIN { return .failed(SystemFailure("read")) }
      noteDrained()
      return .blocked
    }
  }

  /// Writes once (write(2)); for descriptors that are no sockets.
  func write(_ memory: UnsafeRawBufferPointer) -> Transfer {
    unsafe moved(Glibc.write(descriptor, memory.baseAddress, memory.count), of: memory.count)
  }

  /// Sends once (send(2)).
  func send(_ bytes: Span<UInt8>) -> Transfer {
    unsafe bytes.withUnsafeBytes { memory in
      unsafe moved(linux_send(descriptor, memory.baseAddress, memory.count), of: memory.count)
    }
  }

  /// Sends several pieces at once (sendmsg(2)); `total` is the sum of their sizes.
  func send(_ pieces: UnsafeBufferPointer<iovec>, total: Int) -> Transfer {
    unsafe moved(linux_send_pieces(descriptor, pieces.baseAddress, pieces.count), of: total)
  }

  private func moved(_ count: Int, of total: Int) -> Transfer {
    if count >= 0 {
      if count < total { noteFull() }
      return .moved(count)
    }
    switch errno {
    case EINTR: return .moved(0)
    case EAGAIN:
      noteFull()
      return .blocked
    default: return .failed(SystemFailure("write"))
    }
  }

  /// Sends once (sendmsg(2)) from up to four pieces that follow each other, but for the first `skippedBytes` of them all.
  func send(
    _ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8> = Span(), _ fourth: Span<UInt8> = Span(),
    skipping skippedBytes: Int = 0
  ) -> Transfer {
    // Each pointer is used only within the closure that lends it.
    unsafe first.withUnsafeBytes { first in
      unsafe second.withUnsafeBytes { second in
        unsafe third.withUnsafeBytes { third in
          unsafe fourth.withUnsafeBytes { fourth in
            var skip = skippedBytes
            let pieces: [4 of iovec] = unsafe [
              Self.piece(first, &skip), Self.piece(second, &skip), Self.piece(third, &skip), Self.piece(fourth, &skip),
            ]
            let total = first.count + second.count + third.count + fourth.count - skippedBytes
            return unsafe pieces.span.withUnsafeBufferPointer { unsafe send($0, total: total) }
          }
        }
      }
    }
  }

  private static func piece(_ bytes: UnsafeRawBufferPointer, _ skip: inout Int) -> iovec {
    let skipped = min(skip, bytes.count)
    skip -= skipped
    return unsafe iovec(
      iov_base: bytes.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0 + skipped) },
      iov_len: bytes.count - skipped)
  }
}
