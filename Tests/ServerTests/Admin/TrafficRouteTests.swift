import Core
import Switcher
import TestSupport
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(10)))
struct TrafficRouteTests {
  private func withWorld(
    idleSleep: Duration? = nil, _ test: (AdminWorld) async throws -> Void
  ) async throws {
    let world = try await AdminWorld(idleSleep: idleSleep)
    // Time before which nothing has happened.
    world.timeline.advance(by: .seconds(100))
    do {
      try await test(world)
    } catch {
      await world.end()
      throw error
    }
    await world.end()
  }

  @Test(arguments: [
    ("/traffic/stats", "/model/traffic/stats"), ("/traffic/stats/a", "/model/traffic/stats/a"),
    ("/models/idle", "/model/traffic/idle"), ("/models/active", "/model/traffic/active"),
    ("/sleep/candidates?threshold=0", "/model/sleep/candidates?idle_threshold_seconds=0"),
  ])
  func `both spellings of a route tell the same`(_ one: String, _ other: String) async throws {
    try await withWorld { world in
      try await world.switcher.perform(.wake("a"))
      world.monitor["a"].began(at: world.timeline.now)
      world.monitor["a"].ended(true, begunAt: world.timeline.now, at: world.timeline.now)
      let (left, right) = (try await world.get(one), try await world.get(other))
      #expect(left.status == 200)
      // The wall clock goes on between the two.
      let time = /"last_activity_time":[0-9.]+/
      #expect(left.text.replacing(time, with: "") == right.text.replacing(time, with: ""))
    }
  }

  @Test func `the statistics of a model have kvcached's shape`() async throws {
    try await withWorld { world in
      let meter = world.monitor["a"]
      let began = world.timeline.now
      meter.began(at: began)
      world.timeline.advance(by: .seconds(2))
      meter.ended(true, begunAt: began, at: world.timeline.now)
      world.timeline.advance(by: .seconds(3))
      let answer = try await world.get("/traffic/stats/a?window=10&threshold=2")
      let stats = try #require(answer.json?["model_stats"] as? [String: Any])
      #expect(answer.json?["window_seconds"] as? Int == 10)
      #expect(stats["model_name"] as? String == "a")
      #expect(stats["total_requests"] as? Int == 1)
      #expect(stats["successful_requests"] as? Int == 1)
      #expect(stats["failed_requests"] as? Int == 0)
      #expect(stats["request_rate"] as? Double == 0.1)
      #expect(stats["avg_response_time"] as? Int == 2)
      #expect(stats["idle_time_seconds"] as? Int == 3)
      #expect(stats["is_idle"] as? Bool == true)
      #expect((stats["last_activity_time"] as? Double ?? 0) > 1_700_000_000)
    }
  }

  @Test(arguments: ["none", "a"])
  func `a model without traffic has no statistics`(_ name: String) async throws {
    try await withWorld { world in
      let answer = try await world.get("/traffic/stats/\(name)")
      #expect(answer.status == 404)
      #expect(answer.text == #"{"error":"No traffic data found for model \#(name)"}"#)
    }
  }

  @Test func `a model that nobody has used is idle since for ever, which JSON calls null`() async throws {
    try await withWorld { world in
      let idle = try await world.get("/models/idle")
      #expect(
        idle.text.hasPrefix(
          #"{"idle_models":["a","b","broken"],"idle_threshold_seconds":300,"idle_model_details":{"a":{"#
            + #""idle_time_seconds":null,"total_requests":0,"last_activity_time":null}"#))
      #expect(try await world.get("/models/active").json?["active_models_count"] as? Int == 0)
    }
  }

  @Test func `a model is a candidate for sleep while it is awake and unused`() async throws {
    try await withWorld(idleSleep: .seconds(600)) { world in
      try await world.switcher.perform(.wake("a"))
      world.timeline.advance(by: .seconds(301))
      let candidates = try await world.get("/sleep/candidates")
      #expect(candidates.json?["sleep_candidates"] as? [String] == ["a"])
      #expect(candidates.text.contains(#""auto_sleep_in_seconds":299"#))
      #expect(candidates.json?["auto_sleep_enabled"] as? Bool == true)
      world.monitor["a"].began(at: world.timeline.now)
      #expect(try await world.get("/sleep/candidates").json?["sleep_candidates"] as? [String] == [])
    }
  }

  @Test(arguments: [
    ("window=0", "window: found \"0\", expected a number of seconds from 1 to 3600"),
    ("window=x", "window: found \"x\", expected a number of seconds from 1 to 3600"),
    ("window_seconds=nan", "window_seconds: found \"nan\", expected a number of seconds from 1 to 3600"),
    ("threshold=-1", "threshold: found \"-1\", expected a number of seconds from 0 to 31536000"),
  ])
  func `a setting that is no number of seconds is refused`(_ query: String, _ message: String) async throws {
    try await withWorld { world in
      let answer = try await world.get("/traffic/stats?\(query)")
      #expect(answer.status == 400)
      #expect(answer.json?["error"] as? String == message)
    }
  }

  @Test(arguments: [("/action/wakeup/", "/action/sleep/"), ("/model/wake/", "/model/sleep/")])
  func `orders go through the switcher and answer when they are done`(_ wake: String, _ sleep: String) async throws {
    try await withWorld { world in
      let awake = try await world.post("\(wake)a")
      #expect(awake.status == 200)
      #expect(awake.text == #"{"model_name":"a","success":true,"message":"a is awake"}"#)
      #expect(await world.switcher.snapshot().active == "a")
      #expect(try await world.post("\(sleep)a").status == 200)
      let status = try await world.get("/sleep/status")
      let sleeping = try #require(status.json?["sleeping_models"] as? [String: [String: Any]])
      #expect(Array(sleeping.keys) == ["a"])
      #expect(sleeping["a"]?["manual_sleep"] as? Bool == true)
      #expect(sleeping["a"]?["sleep_duration"] as? Int == 0)
      let broken = try await world.post("\(wake)broken")
      #expect(broken.status == 400)
      #expect(broken.json?["success"] as? Bool == false)
      #expect(broken.json?["message"] as? String == "broken could not be switched: no such program")
      let unknown = try await world.post("\(sleep)nobody")
      #expect(unknown.status == 404)
      #expect(unknown.text == #"{"error":"Model nobody not found"}"#)
    }
  }

  @Test func `the batch routes order every model in its turn and tell of each`() async throws {
    try await withWorld { world in
      let woken = try await world.post("/api/endpoints/wake")
      #expect(woken.status == 500)
      #expect(woken.json?["error"] as? String == "1 of 3 models failed")
      let results = try #require(woken.json?["results"] as? [String: [String: Any]])
      #expect(results.compactMapValues { $0["success"] as? Bool } == ["a": true, "b": true, "broken": false])
      #expect(try await world.post("/api/endpoints/wake/b").text == #"{"message":"b is awake"}"#)
      let slept = try await world.post("/api/endpoints/sleep")
      #expect(slept.status == 200)
      let states = try #require(
        try await world.get("/api/endpoints/status").json?["endpoints"] as? [String: [String: Any]])
      #expect(
        states.compactMapValues { $0["status"] as? String } == ["a": "asleep", "b": "asleep", "broken": "failed"])
      #expect(try await world.get("/api/endpoints/status/a").json?["status"] as? String == "asleep")
      #expect(try await world.get("/api/endpoints/status/x").status == 404)
      #expect(try await world.post("/api/endpoints/sleep/x").status == 404)
    }
  }

  @Test(arguments: [
    "/traffic/stats", "/model/traffic/idle", "/models/active", "/sleep/status", "/model/sleep/candidates",
    "/api/endpoints/status", "/control/history", "/control/events",
  ])
  func `nobody looks without the token, and no web page of others does`(_ path: String) async throws {
    let world = try await AdminWorld(token: "secret")
    let fields = [("Authorization", "Bearer secret"), ("Origin", "http://evil.example")]
    #expect(try await world.get(path).status == 401)
    #expect(try await world.get(path, fields: fields).status == 403)
    await world.end()
  }

  @Test(arguments: ["/action/sleep/a", "/model/wake/a", "/api/endpoints/wake", "/api/endpoints/sleep/a"])
  func `nobody orders without the token`(_ path: String) async throws {
    let world = try await AdminWorld(token: "secret")
    #expect(try await world.post(path).status == 401)
    #expect(await world.switcher.snapshot().active == nil)
    await world.end()
  }
}
