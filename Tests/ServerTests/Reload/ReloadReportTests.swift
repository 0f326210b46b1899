import Core
import Testing

@testable import Server

struct ReloadReportTests {
  private let ports = FreePorts()

  private func configuration(_ models: String, _ rest: String = "") throws -> Configuration {
    try ConfigurationText("{\"models\": {\(models)}\(rest)}").load(ports: ports)
  }

  private func report(_ old: Configuration, _ new: Configuration) -> ReloadReport {
    ReloadReport(started: old, old: old, new: new)
  }

  private let a = #""a": {"command": ["serve", "${PORT}"]}"#

  @Test func `the same text changes nothing, ports that were found by themselves included`() throws {
    let report = report(try configuration(a), try configuration(a))
    #expect(report.added.isEmpty && report.removed.isEmpty && report.renewed.isEmpty && report.warnings.isEmpty)
  }

  @Test func `models are added and removed by their names`() throws {
    let report = report(try configuration(a), try configuration(#""b": {"url": "http://h"}"#))
    #expect(report.added == ["b"])
    #expect(report.removed == ["a"])
    #expect(report.message == "the configuration is in force, policy fifo; added b; removed a")
  }

  @Test(
    arguments: [
      (#""a": {"command": ["serve", "${PORT}"], "aliases": ["x"]}"#, []),
      (#""a": {"command": ["serve", "${PORT}"], "request_timeout_secs": 9, "max_queue": 3}"#, []),
      (#""a": {"command": ["serve", "-v", "${PORT}"]}"#, ["a"]),
      (#""a": {"command": ["serve", "${PORT}"], "env": {"X": "1"}}"#, ["a"]),
      (#""a": {"command": ["serve", "${PORT}"], "stop_grace_secs": 1}"#, ["a"]),
    ] as [(String, [String])])
  func `a server is replaced when its own settings change`(_ model: String, _ renewed: [String]) throws {
    #expect(report(try configuration(a), try configuration(model)).renewed == renewed)
  }

  @Test func `what a running daemon can't change is named without its value`() throws {
    let new = try configuration(
      a,
      #"""
      , "listen": "127.0.0.1:1", "admin_listen": "127.0.0.1:2", "admin_token": "hush-hush", "metrics_port": 3,
      "metrics": {"max_series": 900}
      """#)
    let warnings = report(try configuration(a), new).warnings
    let settings = warnings.map { $0.prefix { $0 != " " } }
    #expect(settings == ["listen", "admin_listen", "admin_token", "metrics_port", "metrics"])
    #expect(!warnings.joined().contains("hush"))
  }
}
