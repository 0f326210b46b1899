import Core
import Foundation
import Policies
import Switcher
import TestSupport
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(10)))
struct EventRouteTests {
  private func withWorld(_ test: (AdminWorld) async throws -> Void) async throws {
    let world = try await AdminWorld()
    do {
      try await test(world)
    } catch {
      await world.end()
      throw error
    }
    await world.end()
  }

  @Test func `the history has the newest switch first, with its phases`() async throws {
    try await withWorld { world in
      try await world.switcher.perform(.wake("a"))
      try await world.switcher.perform(.force("b"))
      await #expect(throws: (any Error).self) { try await world.switcher.perform(.wake("broken")) }
      let answer = try await world.get("/control/history?limit=2")
      let switches = try #require(answer.json?["history"] as? [[String: Any]])
      #expect(switches.map { $0["number"] as? Int } == [3, 2])
      #expect(switches.map { $0["outcome"] as? String } == ["failed", "success"])
      #expect(switches.map { $0["failure"] as? String } == ["no such program", nil])
      #expect(switches.map { $0["from"] as? String } == ["b", "a"])
      #expect(switches.map { $0["trigger"] as? String } == ["force", "force"])
      let phases = try #require(switches[1]["phases"] as? [[String: Any]])
      #expect(phases.map { $0["phase"] as? String } == ["drain", "sleep", "wake"])
      let start = try #require(switches[1]["started_at"] as? String)
      #expect((try? Date(start, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))) != nil)
      #expect(try await world.get("/control/history").text.contains(#""number":1"#))
    }
  }

  @Test(arguments: ["0", "301", "x"])
  func `a limit that is none is refused`(_ limit: String) async throws {
    try await withWorld { world in
      let answer = try await world.get("/control/history?limit=\(limit)")
      #expect(answer.status == 400)
      #expect(answer.json?["error"] as? String == "limit: found \"\(limit)\", expected a number from 1 to 300")
    }
  }

  @Test func `a stream begins with the whole picture and goes on with what happens`() async throws {
    try await withWorld { world in
      let follower = world.follow()
      let first = try #require(try await follower.next())
      #expect(first.name == "state")
      #expect(first.data.hasPrefix(#"{"state":"idle","active_model":null,"mode":{"mode":"auto","pinned":null}"#))
      try await world.switcher.perform(.wake("a"))
      var events: [EventStreamParser.Event] = []
      while events.last?.data.contains(#""state":"active:a""#) != true {
        events.append(try #require(try await follower.next()))
      }
      #expect(events.map(\.name) == ["switch", "switch", "state", "switch", "state"])
      #expect(events.map(\.id) == (1...5).map { "life-\($0)" })
      #expect(events[0].data.hasSuffix(#""phase":"decided"}"#))
      #expect(events[3].data.contains(#""outcome":"success""#))
      follower.leave()
    }
  }

  @Test func `who comes back is told what it missed`() async throws {
    try await withWorld { world in
      try await world.switcher.perform(.wake("a"))
      try await world.switcher.perform(.manual)
      let follower = world.follow(after: "life-4")
      #expect(try await follower.next()?.id == "life-5")
      #expect(try await follower.next()?.data == #"{"mode":"manual","pinned":null}"#)
      follower.leave()
    }
  }

  @Test(arguments: ["other-1", "life-9", "nonsense"])
  func `who comes back with an id that means nothing here is told so, and the picture`(_ id: String) async throws {
    try await withWorld { world in
      try await world.switcher.perform(.manual)
      let follower = world.follow(after: id)
      #expect(try await follower.next()?.name == "gap")
      let picture = try #require(try await follower.next())
      #expect(picture.id == "life-1")
      #expect(picture.name == "state")
      follower.leave()
    }
  }

  @Test func `a reader who leaves is not counted any more`() async throws {
    try await withWorld { world in
      let follower = world.follow()
      _ = try await follower.next()
      #expect(world.feed.hub.readerCount == 1)
      follower.leave()
      while world.feed.hub.readerCount > 0 { await Task.yield() }
    }
  }

  @Test func `a stream in which nothing happens shows every 15 s that it lives`() async throws {
    try await withWorld { world in
      let follower = world.follow()
      _ = try await follower.next()
      for second in [15, 30] {
        let beat = Instant.zero + .seconds(second)
        await world.timeline.sleeper(until: beat)
        world.timeline.advance(by: beat - world.timeline.now)
        #expect(await follower.comments.first { _ in true } == ": heartbeat")
      }
      follower.leave()
    }
  }

  @Test func `of the queues only what has changed is told`() {
    var machine = SwitchMachine(
      models: [("a", ModelLimits()), ("b", ModelLimits())], policy: FIFO(options: PolicyOptions()),
      requestTimeout: .seconds(300), at: .zero)
    var depths = QueueDepths()
    var effects: [Effect] = []
    let nothing = depths.change(to: machine.snapshot(at: .zero))
    #expect(nothing == nil)
    machine.handle(.requestArrived(Ticket(number: 1), "b", deadline: .distantFuture), at: .zero, effects: &effects)
    let later = Instant.zero + .seconds(2)
    let arrival = depths.change(to: machine.snapshot(at: later))
    #expect(arrival == ["models": ["b": ["in_flight": 0, "queue_depth": 1, "oldest_wait_seconds": 2]]])
    let nothingNew = depths.change(to: machine.snapshot(at: later + .seconds(1)))
    #expect(nothingNew == nil)
  }

  @Test func `the daemon's end ends the stream in peace`() async throws {
    try await withWorld { world in
      let follower = world.follow()
      _ = try await follower.next()
      world.feed.hub.close()
      #expect(try await follower.next() == nil)
      let late = world.follow()
      #expect(try await late.next()?.name == "state")
      #expect(try await late.next() == nil)
    }
  }

  @Test func `the page shows every name as text and runs nothing but its own`() async throws {
    try await withWorld { world in
      let answer = try await world.get("/")
      #expect(answer.status == 200)
      #expect(answer.text.hasPrefix("<!doctype html>"))
      #expect(answer.text.contains("<td>broken<td>"))
    }
  }
}
