import Core
import Synchronization

/// A logger's sink that a test can read and wait on.
final class LineLog: Sendable {
  private let records = Mutex<[Logger.Record]>([])
  private let stream = AsyncStream<String>.makeStream()

  var logger: Logger {
    Logger(level: .debug) { record in
      self.records.withLock { $0.append(record) }
      self.stream.continuation.yield(record.message)
    }
  }

  var messages: [String] { records.withLock { $0.map(\.message) } }

  /// Waits until a line is logged that `condition` accepts; one task at a time, each line is seen once.
  func line(where condition: (String) -> Bool) async -> String? {
    for await line in stream.stream where condition(line) { return line }
    return nil
  }
}
