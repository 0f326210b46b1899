import Core
import Glibc
import Testing

@testable import Server

/// A pipe that stands for the log's reader.
private final class LogReader {
  let descriptor: Int32
  let output: LogOutput
  private let writing: Int32

  init(_ format: LogLine.Format = .logfmt) {
    var ends: [Int32] = [-1, -1]
    precondition(unsafe pipe(&ends) == 0, "no descriptors are left for a pipe")
    (descriptor, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    output = LogOutput(format, descriptor: writing)
  }

  deinit {
    // What is written later could go to whoever has the number then.
    output.flush(within: .seconds(600))
    close(descriptor)
    close(writing)
  }

  /// Everything that was logged, without the time.
  func lines() -> [String] {
    output.flush(within: .seconds(600))
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    return text.split(separator: "\n").map { String($0.drop { $0 != " " }.dropFirst()) }
  }
}

struct LogsTests {
  private func logs(_ settings: LogSettings = LogSettings(), secret: String? = nil, to reader: LogReader) -> Logs {
    var secrets = Secrets()
    if let secret { secrets.insert(secret) }
    return Logs(settings, secrets: SecretKeeper(secrets), output: reader.output)
  }

  @Test func `the level holds for loggers that are in use already`() {
    let reader = LogReader()
    let logs = logs(to: reader)
    let logger = logs.daemon.with("switch_id", 7)
    logger.debug("early")
    logs.apply(LogSettings(level: .debug))
    logger.debug("later")
    logs.apply(LogSettings(level: .error))
    logger.warning("no")
    #expect(reader.lines() == ["level=debug msg=later switch_id=7"])
  }

  @Test func `what models write is a stream that can be turned off by itself`() {
    let reader = LogReader()
    let logs = logs(LogSettings(level: .error), to: reader)
    let output = logs.models.with("model", "a\u{1B}[2J")
    output.info("loading\r\u{7}", ["output": "stderr"])
    logs.apply(LogSettings(models: false))
    output.info("more", ["output": "stderr"])
    #expect(
      reader.lines() == [#"level=info msg="loading\r\u0007" stream=model model="a\u001b[2J" output=stderr"#])
  }

  @Test func `every line is counted by its level, and no other`() {
    let reader = LogReader()
    let logs = logs(to: reader)
    logs.daemon.debug("not written")
    logs.daemon.info("one")
    logs.daemon.warning("two")
    logs.output.write(.info, "request", of: "access") { $0.add("status", 200) }
    #expect(Logger.Level.allCases.map(reader.output.lineCount) == [0, 2, 1, 0])
  }

  @Test func `a secret is masked in whatever it is part of`() {
    let reader = LogReader()
    let logs = logs(secret: "s3cret-token", to: reader)
    logs.daemon.info("saw s3cret-token", ["path": "/x/s3cret-token/y", "count": 3])
    #expect(reader.lines() == [#"level=info msg="saw ***" path=/x/***/y count=3"#])
  }

  @Test func `lines of many come in order with those that are urgent`() {
    let reader = LogReader()
    for number in 1...3 { reader.output.write(.info, "request", of: "access") { $0.add("number", number) } }
    Logger(sink: reader.output.write).error("failed")
    let expected = (1...3).map { "level=info msg=request stream=access number=\($0)" }
    #expect(reader.lines() == expected + ["level=error msg=failed"])
  }

  @Test func `a reader who has stalled holds nobody up, and learns what it has missed`() throws {
    let reader = LogReader()
    let text = String(repeating: "x", count: 10_000)
    let logger = Logger(sink: reader.output.write)
    // Far more than the pipe and the writer hold together.
    for _ in 0..<400 { logger.info(text) }
    var log = ""
    var (whole, dropped) = (0, 0)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while whole + dropped < 400 {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(reader.descriptor, $0.baseAddress, $0.count) }
      try #require(count > 0)
      log += String(decoding: buffer.prefix(count), as: UTF8.self)
      let lines = log.split(separator: "\n", omittingEmptySubsequences: false)
      log = String(lines.last ?? "")
      for line in lines.dropLast() {
        if line.hasSuffix("msg=\(text)") {
          whole += 1
        } else {
          try #require(line.contains("were dropped"))
          dropped += try #require(line.split(separator: "=").last.flatMap { Int($0) })
        }
      }
    }
    #expect(whole > 100)
    #expect(dropped > 0)
    #expect(whole + dropped == 400)
  }
}
