import Core
import Testing

@testable import Server

struct LogSettingsTests {
  private func configuration(_ options: String, flags: [String: String] = [:]) throws -> Configuration {
    try ConfigurationText(#"{\#(options)"models": {"a": {"url": "http://h:1"}}}"#, flags: flags).load()
  }

  @Test func `without a word everything is logged from info on`() throws {
    #expect(try configuration("").logging == LogSettings(level: .info, access: true, models: true))
  }

  @Test func `the file says what is logged`() throws {
    let logging = try configuration(#""log_level": "debug", "access_log": false, "model_log": false, "#).logging
    #expect(logging == LogSettings(level: .debug, access: false, models: false))
  }

  @Test func `a flag beats the file`() throws {
    let logging = try configuration(#""log_level": "debug", "#, flags: ["--log-level": "error"]).logging
    #expect(logging.level == .error)
  }

  @Test(arguments: [
    (#""log_level": "loud", "#, [:], #"config.json:1:15: log_level: found "loud", expected"#),
    ("", ["--log-level": "loud"], #"--log-level: found "loud", expected"#),
    (#""acces_log": true, "#, [:], "did you mean access_log?"),
    (#""model_log": "no", "#, [:], "config.json:1:15: model_log: "),
  ])
  func `what is no setting is a fault that says what is`(
    _ options: String, _ flags: [String: String], _ expected: String
  ) {
    #expect {
      try configuration(options, flags: flags)
    } throws: {
      "\($0)".contains(expected)
    }
  }

  @Test func `a stream's usage is asked for by default for all models, or by one for itself`() throws {
    let text = #"""
      {"defaults": {"stream_usage": true},
       "models": {"a": {"url": "http://h:1"}, "b": {"url": "http://h:2", "stream_usage": false}}}
      """#
    #expect(try ConfigurationText(text).load().models.map(\.streamUsage) == [true, false])
  }
}
