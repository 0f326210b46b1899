import Testing

@testable import Server

struct EventLogTests {
  private func log(_ events: Int, capacity: Int = 3) -> EventLog {
    var log = EventLog(life: "x", capacity: capacity)
    for number in 0..<events { _ = log.append(.mode, .number(number)) }
    return log
  }

  @Test(
    arguments: [
      (5, "x-5", []), (5, "x-4", ["4"]), (5, "x-2", ["2", "3", "4"]), (0, "x-0", []), (2, "x-0", ["0", "1"]),
    ] as [(Int, String, [String])])
  func `what came after an event is told in order`(_ count: Int, _ id: String, _ data: [String]) {
    #expect(log(count).events(since: id)?.map(\.data) == data)
  }

  @Test(arguments: [(5, "x-1"), (5, "x-6"), (5, "y-5"), (5, "5"), (5, ""), (5, "x--1"), (0, "x-1")])
  func `what is not kept any more, or never was, is told as such`(_ count: Int, _ id: String) {
    #expect(log(count).events(since: id) == nil)
  }

  @Test func `a ring gives the newest first and forgets the oldest`() {
    var ring = Ring<Int>(capacity: 3)
    #expect(ring.newest(2) == [])
    for number in 1...7 { ring.append(number) }
    #expect(ring.newest(10) == [7, 6, 5])
    #expect(ring.newest(2) == [7, 6])
  }

  @Test func `a reader who takes nothing is dropped, and the others are not`() async {
    let hub = EventHub(life: "x", picture: .null)
    let slow = hub.subscribe(after: nil)
    let quick = hub.subscribe(after: nil)
    var reader = quick.pieces.makeAsyncIterator()
    for number in 0...Subscription.capacity {
      hub.publish([(.mode, .number(number))])
      _ = await reader.next()
    }
    #expect(slow.hasOverflown)
    #expect(!quick.hasOverflown)
    #expect(hub.readerCount == 1)
    var pieces = 0
    for await _ in slow.pieces { pieces += 1 }
    #expect(pieces == Subscription.capacity)
    let returning = hub.subscribe(after: "x-\(Subscription.capacity)")
    #expect(returning.opening.map(\.data) == ["\(Subscription.capacity)"])
  }

  @Test func `an event goes over the wire with its id, its kind and its data`() {
    var log = EventLog(life: "x")
    #expect(log.append(.mode, ["a": 1]).wireText == "id: x-1\nevent: mode\ndata: {\"a\":1}\n\n")
    #expect(StreamEvent.gap("why").wireText == "event: gap\ndata: {\"reason\":\"why\"}\n\n")
  }
}
