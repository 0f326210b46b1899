internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// Sends requests to services on the web and hands their answers on as they come: URLSession as a stream.
final class WebTransfers: Sendable {
  /// What comes of a request, in this order: one head, any number of pieces, one end.
  enum News: Sendable {
    case head(status: Int, fields: [(name: String, value: String)])
    case piece([UInt8])
    /// Nil for an answer that is whole.
    case end(URLError?)
  }

  private let delegate = Delegate()
  private let session: URLSession

  init() {
    let configuration = URLSessionConfiguration.ephemeral
    // A model may think for as long as it likes; it is the client that gives up.
    configuration.timeoutIntervalForRequest = 86_400
    configuration.httpShouldSetCookies = false
    configuration.httpMaximumConnectionsPerHost = 1024
    session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
  }

  /// Sends the request. It is given up when nobody reads the stream any more.
  func send(_ request: URLRequest) -> AsyncStream<News> {
    let task = session.dataTask(with: request)
    let (news, reader) = AsyncStream<News>.makeStream()
    delegate.add(reader, for: task.taskIdentifier)
    reader.onTermination = { _ in task.cancel() }
    task.resume()
    return news
  }

  private final class Delegate: NSObject, URLSessionDataDelegate, Sendable {
    private let readers = Mutex<[Int: AsyncStream<News>.Continuation]>([:])

    func add(_ reader: AsyncStream<News>.Continuation, for task: Int) { readers.withLock { $0[task] = reader } }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
      if let response = response as? HTTPURLResponse {
        let fields = response.allHeaderFields.map { (name: "\($0.key)", value: "\($0.value)") }
        tell(dataTask, .head(status: response.statusCode, fields: fields))
      }
      completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
      tell(dataTask, .piece(Array(data)))
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      tell(task, .end(error.map { $0 as? URLError ?? URLError(.unknown) }))
      readers.withLock { $0.removeValue(forKey: task.taskIdentifier) }?.finish()
    }

    /// A redirection is the client's to follow, not ours: it would take the credentials elsewhere.
    func urlSession(
      _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
      newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
      completionHandler(nil)
    }

    private func tell(_ task: URLSessionTask, _ news: News) {
      _ = readers.withLock { $0[task.taskIdentifier] }?.yield(news)
    }
  }
}
