import HTTP
import Synchronization
import Testing

@testable import Server

struct ModelProxyTests {
  /// Runs `test` with a proxy before a model server that answers so.
  private func withProxy(
    _ options: String = "", answer: (@Sendable (Exchange) async throws -> Void)?,
    _ test: (ProxyWorld) async throws -> Void
  ) async throws {
    let world = try await ProxyWorld(options, answer)
    do {
      try await test(world)
    } catch {
      await world.end()
      throw error
    }
    await world.end()
  }

  @Test func `a server that takes no connection is tried twice, and both failures count`() async throws {
    try await withProxy(answer: nil) { world in
      let answer = try await world.post(#"{"model":"a"}"#)
      #expect(answer.status == 502)
      let found = await world.metrics(
        of: ["upstream_errors", "requests_total", "requests_rejected", "http_responses", "tokens"], after: 1)
      #expect(
        found == [
          #"switcher_upstream_errors_total{model="a",kind="connect"} 2"#,
          #"switcher_requests_total{model="a",outcome="upstream_error",waited="true"} 1"#,
          #"switcher_requests_rejected_total{reason="upstream_unavailable"} 1"#,
          #"switcher_http_responses_total{listener="client",route="/v1/*",code="502"} 1"#,
        ])
    }
  }

  @Test func `an error of the server's own passes, and counts against it`() async throws {
    try await withProxy(answer: { try await $0.respond(status: 500, body: #"{"usage":{"prompt_tokens":7}}"#) }) {
      world in
      let answer = try await world.post(#"{"model":"a"}"#)
      #expect(answer.status == 500)
      let found = await world.metrics(
        of: ["upstream_errors", "requests_total", "requests_rejected", "tokens", "time_to_first_token_seconds_count"],
        after: 1)
      #expect(
        found == [
          #"switcher_upstream_errors_total{model="a",kind="bad_status"} 1"#,
          #"switcher_requests_total{model="a",outcome="upstream_error",waited="true"} 1"#,
        ])
    }
  }

  @Test func `a server that ends the connection when it has the request is not asked again`() async throws {
    let asked = Mutex(0)
    try await withProxy(answer: { exchange in
      asked.withLock { $0 += 1 }
      exchange.abort()
    }) { world in
      let answer = try await world.post(#"{"model":"a"}"#)
      #expect(answer.status == 502)
      let found = await world.metrics(of: ["upstream_errors"], after: 1)
      #expect(found == [#"switcher_upstream_errors_total{model="a",kind="reset"} 1"#])
      #expect(asked.withLock(\.self) == 1)
    }
  }

  @Test func `a request that hangs is cut off when its model's drain is to be over, and no fault of the server's`()
    async throws
  {
    let asked = AsyncStream<Void>.makeStream()
    let never = AsyncStream<Void>.makeStream()
    try await withProxy(#", "drain_timeout_secs": 0.05"#) { _ in
      asked.continuation.yield()
      _ = await never.stream.first { _ in true }
    } _: { world in
      async let answer = world.post(#"{"model":"a"}"#)
      _ = await asked.stream.first { _ in true }
      try await world.sleep()
      let body = String(decoding: try await answer.body, as: UTF8.self)
      #expect(try await answer.status == 502)
      let message = "the request was cut off, since its model had to make way and the drain took too long"
      #expect(body.contains(#""message":"\#(message)""#))
      let found = await world.metrics(of: ["upstream_errors", "requests_total", "requests_rejected"], after: 1)
      #expect(
        found == [
          #"switcher_requests_total{model="a",outcome="timeout",waited="true"} 1"#,
          #"switcher_requests_rejected_total{reason="upstream_unavailable"} 1"#,
        ])
    }
  }

  @Test func `an answer's tokens count, and it is timed`() async throws {
    let usage = #"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5}}"#
    try await withProxy(answer: { try await $0.respond(status: 200, body: usage) }) { world in
      for _ in 1...3 { _ = try await world.post(#"{"model":"a"}"#) }
      let found = await world.metrics(
        of: [
          "tokens", "requests_total", "proxy_overhead_seconds_count", "time_to_first_token_seconds_count",
          "upstream_time_to_first_token_seconds_count", "request_queue_wait_seconds_count",
          "request_duration_seconds_count",
        ], after: 3)
      #expect(
        found == [
          #"switcher_tokens_total{model="a",type="prompt"} 36"#,
          #"switcher_tokens_total{model="a",type="completion"} 15"#,
          #"switcher_requests_total{model="a",outcome="success",waited="true"} 1"#,
          #"switcher_requests_total{model="a",outcome="success",waited="false"} 2"#,
          "switcher_proxy_overhead_seconds_count 3",
          #"switcher_time_to_first_token_seconds_count{model="a"} 3"#,
          #"switcher_upstream_time_to_first_token_seconds_count{model="a"} 3"#,
          #"switcher_request_queue_wait_seconds_count{model="a"} 3"#,
          #"switcher_request_duration_seconds_count{model="a"} 3"#,
        ])
    }
  }

  private static let added = #","stream_options":{"include_usage":true}"#

  @Test(arguments: [
    ("chat/completions", #"{"model":"a","stream":true}"#, #"{"model":"a"\#(added),"stream":true}"#),
    ("completions", #"{"stream":true,"model":"a"}"#, #"{"stream":true,"model":"a"\#(added)}"#),
    ("chat/completions", #"{"model":"a","stream":false}"#, nil),
    ("chat/completions", #"{"model":"a"}"#, nil),
    ("chat/completions", #"{"model":"a","stream":true,"stream_options":{"include_usage":false}}"#, nil),
    ("chat/completions", #"{"model":"a","stream":true,"stream_options":null}"#, nil),
    ("messages", #"{"model":"a","stream":true}"#, nil),
  ])
  func `the usage of a stream is asked for where the configuration wants it and the client said nothing`(
    _ path: String, _ sent: String, _ expected: String?
  ) async throws {
    for isWanted in [true, false] {
      let options = isWanted ? #", "stream_usage": true"# : ""
      try await withProxy(
        options,
        answer: { exchange in
          try await exchange.readBody()
          let body = exchange.withBody { body in body.indices.map { body[$0] } }
          try await exchange.respond(status: 200, contentType: "text/plain", body: body)
        }
      ) { world in
        let answer = try await world.post(sent, to: "/v1/\(path)")
        #expect(String(decoding: answer.body, as: UTF8.self) == (isWanted ? expected ?? sent : sent))
      }
    }
  }
}
