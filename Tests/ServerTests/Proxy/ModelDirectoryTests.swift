import Core
import HTTP
import Metrics
import Testing

@testable import Server

struct ModelDirectoryTests {
  private func directory() throws -> ModelDirectory {
    let text = #"""
      {"models": {
        "a": {"url": "http://h:1", "aliases": ["x"], "fallback": "b", "request_timeout_secs": 9},
        "b": {"url": "http://h:2", "upstream_model": "org/b"}
      }}
      """#
    return ModelDirectory(
      try ConfigurationText(text).load().models, metrics: RequestMetrics(registry: Registry()),
      traffic: TrafficMonitor())
  }

  @Test(arguments: [("a", "a", "a"), ("x", "a", "a"), ("b", "b", "org/b")])
  func `a name leads to its model and to what the server calls it`(
    _ name: String, _ model: ModelID, _ upstreamName: String
  ) throws {
    let entry = try directory().entry(named: name)
    #expect(entry.model == model)
    #expect(entry.upstreamName == upstreamName)
  }

  @Test func `an entry knows who stands in for its model, and how long to wait`() throws {
    let entry = try directory().entry(named: "x")
    #expect(entry.fallback == "b")
    #expect(entry.requestTimeout == .seconds(9))
  }

  @Test func `the body names the model as the server in question calls it`() throws {
    let directory = try directory()
    let mention = ModelRequest.Mention(name: "a", range: 9..<12, notation: .json)
    var request = ModelRequest(entry: try directory.entry(named: "a"), mention: mention)
    #expect(request.edit == nil)
    request.entry = try directory.entry(named: "b")
    #expect(request.edit?.range == 9..<12)
    #expect(request.edit.map { String(decoding: $0.replacement, as: UTF8.self) } == #""org/b""#)
  }

  @Test func `in a form the name stands without quotes`() throws {
    let mention = ModelRequest.Mention(name: "a", range: 9..<10, notation: .form)
    let request = ModelRequest(entry: try directory().entry(named: "b"), mention: mention)
    #expect(request.edit.map { String(decoding: $0.replacement, as: UTF8.self) } == "org/b")
  }
}
