import Core
import Foundation
import Testing

@testable import Server

struct TraceFileTests {
  /// Writes the text to a file of its own, for as long as the body runs.
  private func withFile<Result>(_ text: String, _ ending: String, _ body: (String) throws -> Result) throws -> Result {
    let path = NSTemporaryDirectory() + "switcher-\(UUID().uuidString).\(ending)"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test func `a recording's models are those that are asked for, in the order in which they first are`() throws {
    let lines = """
      {"at":0.5,"model":"b","service_secs":0.25}

      {"at":1,"model":"a","service_secs":2,"more":true}
      {"at":2,"model":"b","service_secs":1}
      """
    let workload = try withFile(lines, "jsonl") { try TraceFile.read($0) }
    #expect(workload.models == ["b", "a"])
    #expect(
      workload.requests == [
        .init(at: .milliseconds(500), model: 0, work: .milliseconds(250)),
        .init(at: .seconds(1), model: 1, work: .seconds(2)), .init(at: .seconds(2), model: 0, work: .seconds(1)),
      ])
  }

  @Test func `the lines of a recording may come in any order, as requests end`() throws {
    let lines = """
      {"at":2,"model":"b","service_secs":1}
      {"at":1,"model":"a","service_secs":2}
      """
    let workload = try withFile(lines, "jsonl") { try TraceFile.read($0) }
    #expect(workload.models == ["a", "b"])
    #expect(workload.requests.map(\.at) == [.seconds(1), .seconds(2)])
  }

  @Test func `a request that was never granted takes what its model's take in the mean, else what all do`() throws {
    let lines = """
      {"at":0,"model":"a","service_secs":1}
      {"at":1,"model":"a"}
      {"at":2,"model":"a","service_secs":2}
      {"at":3,"model":"b","service_secs":6}
      {"at":4,"model":"c","service_secs":null}
      """
    let workload = try withFile(lines, "jsonl") { try TraceFile.read($0) }
    #expect(workload.requests.map(\.work.seconds) == [1, 1.5, 2, 6, 3])
  }

  @Test func `a trace needs no more than its models, and is then called like its file`() throws {
    try withFile(#"{"models": 2, "requests": [[1, 1, 0.5]]}"#, "json") { path in
      let workload = try TraceFile.read(path)
      #expect(path.hasSuffix("/\(workload.name).json"))
      #expect(workload.models == ["0", "1"])
      #expect(workload.slots == 16)
      #expect(workload.requestTimeout == .seconds(300))
    }
  }

  @Test(
    arguments: [
      ("json", "{", ":1:2: found the end of the text"),
      ("json", "[]", ": expected a list or an object"),
      ("json", "{}", "models: expected, but missing"),
      ("json", #"{"models": 0}"#, "models: found 0, expected 1 to 10000"),
      ("json", #"{"models": 2, "slots": 0}"#, "slots: found 0, expected 1"),
      ("json", #"{"models": 2, "requests": [[0, 2, 1]]}"#, "requests[0][1]: found model 2.0, expected 0 to 1"),
      ("json", #"{"models": 2, "requests": [[0, 0, 1], [0, 0.5, 1]]}"#, "requests[1][1]: found model 0.5"),
      ("json", #"{"models": 2, "requests": [[0, 1]]}"#, "requests[0]: found 2 numbers, expected [at, model, work]"),
      ("json", #"{"models": 2, "requests": [[-1, 1, 1]]}"#, "requests[0][0]: found -1.0, expected seconds from 0"),
      ("json", #"{"models": 2, "requests": [[0, 1, 1e300]]}"#, "requests[0][2]: found 1e+300, expected seconds"),
      ("json", #"{"models": 2, "requests": [[0, "1", 1]]}"#, "requests[0][1]: expected a number"),
      (
        "json", #"{"models": 2, "sessions": [{"start_s": 0, "turns": [[0, 1, -1]]}]}"#,
        "sessions[0].turns[0][2]: found -1.0"
      ),
      ("jsonl", "\n\n", "has no request in it"),
      ("jsonl", "{\"at\":0,\"model\":\"a\"}", ": no request in it has service_secs"),
      ("jsonl", "{\"at\":0,\"model\":\"a\",\"service_secs\":1}\n{\"at\":0}", ":2: model: expected, but missing"),
      ("jsonl", "{\"at\":0,\"model\":\"a\",\"service_secs\":1}\nnonsense", ":2:1: found "),
      ("jsonl", #"{"at":0,"model":"a","service_secs":-1}"#, ":1: service_secs: found -1.0"),
      ("csv", "", "expected a file whose name ends in .json or .jsonl"),
    ])
  func `what is wrong in a file is told with its place`(_ ending: String, _ text: String, _ message: String) throws {
    try withFile(text, ending) { path in
      let fault = #expect(throws: TraceFault.self) { try TraceFile.read(path) }
      #expect(fault?.description.hasPrefix(path) == true)
      #expect(fault?.description.contains(message) == true, "\(fault?.description ?? "")")
    }
  }

  @Test func `a file that is not there is named`() {
    #expect(throws: TraceFault("/no/such.json: can't be read")) { try TraceFile.read("/no/such.json") }
  }

  @Test func `the costs of pairs are read from a file, those to a model from anywhere too`() throws {
    let pairs = try withFile(#"{"a->b": 2, "->a": 25.5}"#, "json") { try SimulatedCosts.pairs($0, models: ["a", "b"]) }
    let costs = SimulatedCosts(byPair: pairs, otherwise: 7)
    #expect(costs.seconds(from: "a", to: "b") == 2)
    #expect(costs.seconds(from: "b", to: "a") == 25.5)
    #expect(costs.seconds(from: "c", to: "b") == 7)
  }

  @Test(
    arguments: [
      ("[]", ":1:1: expected an object"),
      (#"{"a->c": 1}"#, #":1:2: found "a->c", expected FROM->TO or ->TO, of the models a, b"#),
      (#"{"a": 1}"#, #":1:2: found "a""#),
      (#"{"a->b": "1"}"#, ":1:10: a->b: expected seconds from 0 to 86400"),
      (#"{"a->b": -1}"#, ":1:10: a->b: expected seconds"),
      ("{", ":1:2: found the end"),
    ])
  func `what is wrong with the costs is told with its place`(_ text: String, _ message: String) throws {
    try withFile(text, "json") { path in
      let fault = #expect(throws: TraceFault.self) { try SimulatedCosts.pairs(path, models: ["a", "b"]) }
      #expect(fault?.description.contains(message) == true, "\(fault?.description ?? "")")
    }
  }
}
