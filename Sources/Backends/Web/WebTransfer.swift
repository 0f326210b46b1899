internal import Dispatch
package import HTTP
internal import Synchronization

/// One request to a service on the web, and what comes of it.
package final class WebTransfer: Sendable {
  /// In this order: one head, any number of pieces, one end.
  package enum News: Sendable {
    case head(status: Int, fields: [(name: String, value: String)])
    case piece([UInt8])
    /// Nil for an answer that is whole.
    case end(WebFailure?)
  }

  /// So much of an answer is kept for a reader who is slower than the service, which has to wait then.
  private static let mostBytesKept = 1 << 20

  package let news: AsyncStream<News>
  private let reader: AsyncStream<News>.Continuation
  /// How much has come and was not taken yet.
  private let bytesKept = Atomic(0)
  /// Signalled when there is room again, or nothing is to come any more.
  private let room = DispatchSemaphore(value: 0)
  private let state = Mutex(State())
  private let whenHungUp: @Sendable () -> Void

  private struct State {
    /// Nil until it is started.
    var call: CurlCall?
    var isCancelled = false
    var hangUp: HangUp?
  }

  /// - Parameter whenHungUp: called when the transfer is hung up on; by any thread.
  init(whenHungUp: @escaping @Sendable () -> Void = {}) {
    (news, reader) = AsyncStream.makeStream()
    self.whenHungUp = whenHungUp
  }

  /// Why it was ended from here under whoever reads it, if it was; what had come before is of no use then.
  package var hangUp: HangUp? { state.withLock(\.hangUp) }

  /// Sends the request, unless the transfer has been cancelled or hung up on, by a thread of its own: libcurl blocks.
  /// Whoever does so cancels the transfer in the end.
  package func start(_ request: WebRequest) {
    guard let failure = startThread(name: "web", { self.run(request) }) else { return }
    end(WebFailure(.noAnswer, "\(failure)", wasNotSent: true))
  }

  private func run(_ request: WebRequest) {
    var heads = AnswerHeads()
    var fault: String?
    do throws(WebFailure) {
      try call().run(request) { line in
        switch heads.take(line) {
        case .goOn: break
        case .head(let status, let fields):
          self.reader.yield(.head(status: status, fields: fields.map { ($0.name, $0.value) }))
        case .fault(let reason): fault = reason
        }
        return fault == nil
      } piece: { bytes in
        self.keep(bytes)
      }
      end(nil)
    } catch {
      end(fault.map { WebFailure(.noAnswer, $0) } ?? error)
    }
  }

  private func call() throws(WebFailure) -> CurlCall {
    let call = try CurlCall()
    let isCancelled = state.withLock { state in
      state.call = call
      return state.isCancelled
    }
    guard !isCancelled else { throw WebFailure(.cancelled, "cancelled") }
    return call
  }

  /// Hands a piece on, and waits while too much is kept.
  private func keep(_ bytes: [UInt8]) -> Bool {
    bytesKept.wrappingAdd(bytes.count, ordering: .sequentiallyConsistent)
    reader.yield(.piece(bytes))
    while bytesKept.load(ordering: .sequentiallyConsistent) > Self.mostBytesKept {
      if state.withLock(\.isCancelled) { return false }
      room.wait()
    }
    return true
  }

  /// To be told of each piece once it has been dealt with.
  package func taken(bytes: Int) {
    let (before, after) = bytesKept.wrappingSubtract(bytes, ordering: .sequentiallyConsistent)
    if before > Self.mostBytesKept, after <= Self.mostBytesKept { room.signal() }
  }

  /// Ends the request soon, unless it has ended by itself; one that was not started will not be.
  func cancel() {
    let call = state.withLock { state in
      state.isCancelled = true
      return state.call
    }
    call?.cancel()
    room.signal()
  }

  /// Ends it as one whose time is up.
  func timeOut(after patience: Duration) {
    end(WebFailure(.timedOut, "no whole answer came within \(patience)"))
    cancel()
  }

  /// The first reason counts.
  func hangUp(for reason: HangUp) {
    state.withLock { $0.hangUp = $0.hangUp ?? reason }
    end(WebFailure(.cancelled, "cancelled"))
    cancel()
    whenHungUp()
  }

  private func end(_ failure: WebFailure?) {
    reader.yield(.end(failure))
    reader.finish()
  }
}
