package import Core
internal import Dispatch
package import Foundation
package import FoundationNetworking
package import HTTP
internal import Synchronization

/// Sends requests to services on the web and hands their answers on as they come: URLSession as a stream.
///
/// `URLSession.data(for:)` is no way to do so. When its task is cancelled, whoever cancels waits for the session's queue,
/// under a lock of the task's that the queue needs to hand over an answer: where the two meet, neither goes on, ever.
package final class WebTransfers: Sendable {
  private let delegate = Delegate()
  private let session: URLSession
  /// Makes, starts and cancels tasks, in this order for each. For all of that URLSession has its caller wait for a queue
  /// of its own, on which an answer that comes without a pause lets nothing else happen: this session's other requests wait
  /// so long, but no thread of anybody else's does.
  private let calls = DispatchQueue(label: "web calls")
  /// Takes what comes, on a thread of its own: while those of the common pool are all taken, URLSession keeps all of it.
  private static let answers = DispatchQueue(label: "web answers")
  /// Those that can be hung up on, by where they go to: behind one gateway there may be many models' servers.
  private let open = Mutex<[Upstream: [ObjectIdentifier: WebTransfer]]>([:])

  /// - Parameter patience: how long a service may be silent.
  package init(patience: Duration) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = patience / .seconds(1)
    configuration.httpShouldSetCookies = false
    // A request that is cancelled while URLSession looks into its cache takes the process with it.
    configuration.urlCache = nil
    configuration.httpMaximumConnectionsPerHost = 1024
    let answers = OperationQueue()
    answers.maxConcurrentOperationCount = 1
    // It is not retained; this one lives for ever.
    unsafe answers.underlyingQueue = Self.answers
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: answers)
  }

  /// Makes a transfer that can be hung up on from now on, and is still to be started. Whoever does so closes it in the end.
  /// - Parameter whenHungUp: called when the transfer is hung up on; by any thread.
  package func open(to upstream: Upstream, whenHungUp: @escaping @Sendable () -> Void) -> WebTransfer {
    let transfer = WebTransfer(calls, whenHungUp: whenHungUp)
    open.withLock { $0[upstream, default: [:]][ObjectIdentifier(transfer)] = transfer }
    return transfer
  }

  /// Ends a transfer that was opened so, unless it has ended by itself.
  package func close(_ transfer: WebTransfer, to upstream: Upstream) {
    open.withLock { open in
      open[upstream]?[ObjectIdentifier(transfer)] = nil
      if open[upstream]?.isEmpty == true { open[upstream] = nil }
    }
    transfer.cancel()
  }

  /// Sends the request, unless the transfer has been cancelled or hung up on.
  package func start(_ transfer: WebTransfer, _ request: URLRequest) {
    calls.async { [delegate, session] in
      guard !transfer.isCancelled else { return }
      let task = session.dataTask(with: request)
      delegate.add(transfer, for: task)
      task.resume()
      transfer.began(task)
    }
  }

  /// Sends a request that nobody hangs up on. Whoever does so cancels the transfer in the end.
  func send(_ request: URLRequest) -> WebTransfer {
    let transfer = WebTransfer(calls, whenHungUp: {})
    start(transfer, request)
    return transfer
  }

  /// Ends every open transfer to that server.
  package func hangUp(on upstream: Upstream, for reason: HangUp) {
    for transfer in open.withLock({ $0[upstream] ?? [:] }).values { transfer.hangUp(for: reason) }
  }

  private final class Delegate: NSObject, URLSessionDataDelegate, Sendable {
    private let transfers = Mutex<[Int: WebTransfer]>([:])

    func add(_ transfer: WebTransfer, for task: URLSessionTask) {
      transfers.withLock { $0[task.taskIdentifier] = transfer }
    }

    private func transfer(_ task: URLSessionTask) -> WebTransfer? { transfers.withLock { $0[task.taskIdentifier] } }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
      if let response = response as? HTTPURLResponse { transfer(dataTask)?.begin(response) }
      completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
      transfer(dataTask)?.append(Array(data))
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      end(task, error.map { $0 as? URLError ?? URLError(.unknown) })
    }

    private func end(_ task: URLSessionTask, _ failure: URLError?) {
      transfers.withLock { $0.removeValue(forKey: task.taskIdentifier) }?.end(failure)
    }

    /// An answer that demands other credentials is one like any other, and whole by now. Without this it would never end.
    func urlSession(
      _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
      completionHandler: @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
      end(task, nil)
      completionHandler(.cancelAuthenticationChallenge, nil)
    }

    /// A redirection is the client's to follow, not ours: it would take the credentials elsewhere.
    func urlSession(
      _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
      newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
      completionHandler(nil)
    }
  }
}

/// One request to a service on the web, and what comes of it.
package final class WebTransfer: Sendable {
  /// In this order: one head, any number of pieces, one end.
  package enum News: Sendable {
    case head(status: Int, fields: [(name: String, value: String)])
    case piece([UInt8])
    /// Nil for an answer that is whole.
    case end(URLError?)
  }

  /// URLSession can't be told to wait. An answer that comes faster than its client takes it is kept up to here, then cut.
  private static let mostBytesKept = 64 << 20

  package let news: AsyncStream<News>
  private let reader: AsyncStream<News>.Continuation
  /// How much has come and was not taken yet.
  private let bytesKept = Atomic(0)
  private let state = Mutex(State())
  private let whenHungUp: @Sendable () -> Void
  private let calls: DispatchQueue

  private struct State {
    /// Nil until it is started.
    var task: URLSessionTask?
    var isCancelled = false
    var hangUp: HangUp?
  }

  fileprivate init(_ calls: DispatchQueue, whenHungUp: @escaping @Sendable () -> Void) {
    (news, reader) = AsyncStream.makeStream()
    (self.calls, self.whenHungUp) = (calls, whenHungUp)
  }

  /// Why it was ended from here under whoever reads it, if it was; what had come before is of no use then.
  package var hangUp: HangUp? { state.withLock(\.hangUp) }

  /// The first reason counts.
  fileprivate func hangUp(for reason: HangUp) {
    state.withLock { $0.hangUp = $0.hangUp ?? reason }
    end(URLError(.cancelled))
    cancel()
    whenHungUp()
  }

  fileprivate var isCancelled: Bool { state.withLock(\.isCancelled) }

  fileprivate func began(_ task: URLSessionTask) { state.withLock { $0.task = task } }

  /// Ends the request soon, unless it has ended by itself; one that was not started will not be.
  func cancel() {
    let isFirst = state.withLock { state in
      defer { state.isCancelled = true }
      return !state.isCancelled
    }
    if isFirst { calls.async { self.state.withLock(\.task)?.cancel() } }
  }

  /// Ends it as one whose time is up.
  package func timeOut(after patience: Duration) {
    end(URLError(.timedOut, "no whole answer came within \(patience)"))
    cancel()
  }

  /// To be told of each piece once it has been dealt with.
  package func taken(bytes: Int) { bytesKept.wrappingSubtract(bytes, ordering: .relaxed) }

  fileprivate func begin(_ response: HTTPURLResponse) {
    let fields = response.allHeaderFields.map { (name: "\($0.key)", value: "\($0.value)") }
    reader.yield(.head(status: response.statusCode, fields: fields))
  }

  fileprivate func append(_ bytes: [UInt8]) {
    guard bytesKept.wrappingAdd(bytes.count, ordering: .relaxed).newValue <= Self.mostBytesKept else {
      end(URLError(.dataLengthExceedsMaximum, "more came than was taken, faster than could be kept"))
      return cancel()
    }
    reader.yield(.piece(bytes))
  }

  fileprivate func end(_ failure: URLError?) {
    reader.yield(.end(failure))
    reader.finish()
  }
}

extension URLError {
  /// - Parameter message: worded for a person; URLSession's own errors have one.
  init(_ code: Code, _ message: String) {
    self.init(code, userInfo: [NSLocalizedDescriptionKey: message])
  }
}
