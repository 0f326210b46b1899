import Core
import Synchronization
import Testing

/// Keeps what is logged.
private final class Log: Sendable {
  private let records = Mutex<[Logger.Record]>([])

  func logger(_ threshold: LogThreshold = LogThreshold()) -> Logger {
    Logger(threshold: threshold) { record in self.records.withLock { $0.append(record) } }
  }

  /// Each line as `message name=value …`.
  var lines: [String] {
    records.withLock { records in
      records.map { record in
        ([record.message] + record.fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
      }
    }
  }

  var numbers: [Int?] { records.withLock { $0.flatMap(\.fields).map(\.number) } }
}

struct LoggerTests {
  @Test func `a line bears what its logger, its task and its own words add, in this order`() {
    let log = Log()
    let logger = log.logger().with("model", "a")
    Logger.$subject.withValue([Logger.Field("switch_id", 7)]) { logger.info("woken", ["seconds": 2]) }
    logger.info("idle")
    #expect(log.lines == ["woken model=a switch_id=7 seconds=2", "idle model=a"])
  }

  @Test func `whole numbers stay numbers`() {
    let log = Log()
    log.logger().info("n", ["a": 1, "b": UInt64(2), "c": "3", "d": UInt64.max, "e": 1.5])
    #expect(log.numbers == [1, 2, nil, nil, nil])
  }

  @Test(arguments: [
    (Logger.Level.debug, ["debug", "info", "warning", "error"]), (.info, ["info", "warning", "error"]),
    (.warning, ["warning", "error"]), (.error, ["error"]), (nil, []),
  ])
  func `a threshold lets pass what is at or above it, also in loggers made before it was set`(
    _ level: Logger.Level?, _ expected: [String]
  ) {
    let log = Log()
    let threshold = LogThreshold()
    let logger = log.logger(threshold)
    threshold.set(level)
    logger.debug("debug")
    logger.info("info")
    logger.warning("warning")
    logger.error("error")
    #expect(log.lines == expected)
  }
}
