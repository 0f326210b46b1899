import Foundation
import Testing

@testable import Server

struct EventStreamParserTests {
  private static let stream =
    "retry: 1\n\n: beat\n\nid: 7\nevent: mode\ndata: {\"é\":1}\n\ndata:a\r\ndata: b\r\n\r\nid: 8\ndata: c\n"

  @Test(arguments: 1...8) func `events are read wherever the stream is cut`(_ size: Int) {
    let bytes = Array(Self.stream.utf8)
    var parser = EventStreamParser()
    var events: [EventStreamParser.Event] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      events += parser.take(Array(bytes[start..<min(start + size, bytes.count)]))
    }
    #expect(
      events == [.init(id: "7", name: "mode", data: "{\"é\":1}"), .init(id: "7", name: "message", data: "a\nb")])
    #expect(parser.lastID == "7")
  }

  @Test func `what of an event came before the stream broke off is forgotten`() {
    var parser = EventStreamParser()
    _ = parser.take(Array(Self.stream.utf8))
    parser.breakOff()
    #expect(parser.lastID == "7")
    #expect(parser.take(Array("data: d\n\n".utf8)) == [.init(id: "7", name: "message", data: "d")])
  }

  @Test(
    arguments: [
      (
        "switch", #"{"number":1,"from":null,"to":"a","trigger":"request","reason":"idle","phase":"decided"}"#,
        "#1 none -> a: decided by request, idle"
      ),
      (
        "switch",
        #"{"number":2,"from":"a","to":"b","trigger":"force","reason":null,"outcome":"failed","failure":"no\u001b[2Jgo","#
          + #""phases":[{"phase":"drain","seconds":0.25}],"total_seconds":1.5}"#,
        "#2 a -> b: failed in 1.5 s (drain 0.25 s): no [2Jgo"
      ),
      (
        "switch",
        #"{"number":3,"from":"a","to":"b","trigger":"force","outcome":"success","cut_requests":2,"total_seconds":1}"#,
        "#3 a -> b: success in 1.0 s, 2 cut off"
      ),
      ("queue", #"{"models":{"a":{"in_flight":1,"queue_depth":2}}}"#, "a: 2 waiting, 1 in flight"),
      ("mode", #"{"mode":"manual","pinned":"a"}"#, "manual, pinned to a"),
      ("health", #"{"model":"a","healthy":true,"failure":null}"#, "a is well again"),
      ("state", #"{"state":"idle","models":{"b":"asleep","a":"stopped"}}"#, "idle (a stopped, b asleep)"),
      ("reload", #"{"models":["a","b"],"added":["b"],"removed":[],"renewed":[]}"#, "2 models; added b"),
      ("gap", #"{"reason":"why"}"#, "why"), ("policy", #"{"policy":"fifo"}"#, "fifo"),
      ("novelty", #"{"x":1}"#, #"{"x":1}"#), ("mode", #"{"x":1}"#, #"{"x":1}"#),
    ])
  func `an event is a line that can do nothing to a terminal`(_ name: String, _ data: String, _ line: String) {
    let text = EventLine.text(.init(id: nil, name: name, data: data), at: .now)
    #expect(text.hasSuffix(" \(line)"))
    #expect(text.contains(" \(name)"))
  }

  @Test func `as JSON an event is as it came`() {
    #expect(
      EventLine.json(.init(id: "x-1", name: "mode", data: "{\"a\":1}"))
        == #"{"id":"x-1","event":"mode","data":{"a":1}}"#)
    #expect(EventLine.json(.init(id: nil, name: "gap", data: "{}")) == #"{"id":null,"event":"gap","data":{}}"#)
  }
}
