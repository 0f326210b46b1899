import Core
import Foundation
import HTTP
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(10))) struct StubServerTests {
  // MARK: Answers

  @Test func `a chat is answered in one piece`() async throws {
    let world = try await StubWorld()
    async let answer = world.post("/v1/chat/completions", #"{"model":"alpha","messages":[{"role":"user"}]}"#)
    await world.pass(.seconds(1))
    let text = try await answer.text
    #expect(text.contains(#""object":"chat.completion""#))
    #expect(text.contains(#""model":"alpha""#))
    #expect(text.contains(#""message":{"role":"assistant","content":"Hello from alpha. 2 3 4 5 6 7 8"}"#))
    #expect(text.contains(#""finish_reason":"stop""#))
    #expect(text.contains(#""usage":{"prompt_tokens":11,"completion_tokens":8,"total_tokens":19}"#))
    await world.end()
  }

  @Test func `a chat is streamed token by token`() async throws {
    let world = try await StubWorld()
    async let answer = world.post(
      "/v1/chat/completions",
      #"{"messages":[],"max_tokens":2,"stream":true,"stream_options":{"include_usage":true}}"#)
    await world.pass(.seconds(1))
    let events = try await answer.events
    try #require(events.count == 6)
    #expect(events[0].contains(#""delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null"#))
    #expect(events[1].contains(#""delta":{"content":"Hello from alpha."}"#))
    #expect(events[2].contains(#""delta":{"content":" 2"}"#))
    #expect(events[3].contains(#""delta":{},"logprobs":null,"finish_reason":"length""#))
    #expect(events[4].contains(#""choices":[],"usage":{"#))
    #expect(events[5] == "[DONE]")
    #expect(events.dropLast().allSatisfy { $0.contains(#""object":"chat.completion.chunk""#) })
    await world.end()
  }

  @Test func `a text is completed, streamed and not`() async throws {
    let world = try await StubWorld()
    async let whole = world.post("/v1/completions", #"{"prompt":"hi","max_tokens":2}"#)
    await world.pass(.seconds(1))
    #expect(try await whole.text.contains(#""text":"Hello from alpha. 2","logprobs":null,"finish_reason":"length""#))
    async let streamed = world.post("/v1/completions", #"{"prompt":"hi","max_tokens":2,"stream":true}"#)
    await world.pass(.seconds(1))
    let events = try await streamed.events
    try #require(events.count == 4)
    #expect(events[0].contains(#""object":"text_completion""#))
    #expect(events[0].contains(#""text":"Hello from alpha.""#))
    #expect(events[1].contains(#""text":" 2","logprobs":null,"finish_reason":null"#))
    #expect(events[2].contains(#""text":"","logprobs":null,"finish_reason":"length""#))
    #expect(events[3] == "[DONE]")
    await world.end()
  }

  @Test func `embeddings are numbers, or their bytes in base64`() async throws {
    let world = try await StubWorld()
    async let floats = world.post("/v1/embeddings", #"{"input":["a","b"]}"#)
    await world.pass(.seconds(1))
    let vectors = ["a", "b"].map { StubAnswer.embedding(of: $0, by: "alpha") }
    let object = try JSONDecoder().decode(Embeddings<[Float]>.self, from: Data(try await floats.text.utf8))
    #expect(object.data.map(\.embedding) == vectors)
    #expect(object.data.map(\.index) == [0, 1])

    async let encoded = world.post("/v1/embeddings", #"{"input":"a","encoding_format":"base64"}"#)
    await world.pass(.seconds(1))
    let base64 = try JSONDecoder().decode(Embeddings<Data>.self, from: Data(try await encoded.text.utf8))
    let bytes = vectors[0].flatMap { unsafe withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
    #expect(base64.data.map { Array($0.embedding) } == [bytes])
    await world.end()
  }

  private struct Embeddings<Vector: Decodable>: Decodable {
    struct Entry: Decodable {
      let index: Int
      let embedding: Vector
    }
    let data: [Entry]
  }

  @Test(arguments: [("/health", ""), ("/v1/models", #""id":"alpha""#), ("/metrics", "vllm:num_requests_running 0\n")])
  func `a question about the server is answered at once`(path: String, text: String) async throws {
    let world = try await StubWorld()
    let answer = try await world.get(path)
    #expect(answer.status == 200)
    #expect(text.isEmpty ? answer.text.isEmpty : answer.text.contains(text))
    await world.end()
  }

  @Test(arguments: [
    ("/nowhere", 404, #"{"detail":"Not Found"}"#), ("/health", 405, #"{"detail":"Method Not Allowed"}"#),
    ("/sleep?level=7", 400, "expected 0, 1 or 2"), ("/v1/completions", 400, "BadRequestError"),
  ])
  func `a request that can't be served says why`(target: String, status: Int, text: String) async throws {
    let world = try await StubWorld()
    let answer = try await world.post(target)
    #expect(answer.status == status)
    #expect(answer.text.contains(text))
    await world.end()
  }

  // MARK: Sleep and wake

  @Test func `a model is put to sleep, woken and reloaded, and each call is logged`() async throws {
    let world = try await StubWorld()
    async let sleep = world.post("/sleep?level=2")
    await world.pass(.milliseconds(300))
    #expect(try await sleep.text == #"{"status":"sleeping","level":2}"#)
    #expect(try await world.get("/is_sleeping").text == #"{"is_sleeping":true}"#)
    #expect(try await world.get("/health").status == 200)
    #expect(try await world.get("/metrics").text.contains(#"{sleep_state="discard_all"} 1"#))
    async let wake = world.post("/wake_up")
    await world.pass(.milliseconds(500))
    #expect(try await wake.text == #"{"status":"awake","tags":null}"#)
    async let reload = world.post("/collective_rpc", #"{"method":"reload_weights"}"#)
    await world.pass(.milliseconds(700))
    #expect(try await reload.text == #"{"results":[null]}"#)
    #expect(try await world.post("/reset_prefix_cache").text == #"{"success":true}"#)
    #expect(
      world.log.lines == [
        "POST /sleep?level=2 status=200 seconds=0.3", "GET /is_sleeping status=200 seconds=0.0",
        "POST /wake_up status=200 seconds=0.5", "POST /collective_rpc status=200 seconds=0.7",
        "POST /reset_prefix_cache status=200 seconds=0.0",
      ])
    await world.end()
  }

  @Test func `a stream under way ends in good order when the engine is put to sleep`() async throws {
    let world = try await StubWorld()
    async let answer = world.post("/v1/completions", #"{"prompt":"hi","max_tokens":9,"stream":true}"#)
    try await world.metric("vllm:num_requests_running", reaches: 1)
    async let sleep = world.post("/sleep")
    let events = try await answer.events
    #expect(events.first?.contains(#""finish_reason":"abort""#) == true)
    #expect(events.last == "[DONE]")
    await world.pass(.milliseconds(300))
    #expect(try await sleep.status == 200)
    try await world.metric("stub_aborted_requests_total", reaches: 1)
    await world.end()
  }

  @Test func `a stream from a sleeping engine has its head at once and the rest after the wake`() async throws {
    let world = try await StubWorld()
    async let sleep = world.post("/sleep")
    await world.pass(.milliseconds(300))
    _ = try await sleep
    let client = try await RawConnection(to: world.address, on: world.loops.next())
    let body = #"{"prompt":"hi","max_tokens":2,"stream":true}"#
    try await client.send(
      "POST /v1/completions HTTP/1.1\r\nHost: stub\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    let head = try await client.read(until: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(head.hasSuffix("\r\n\r\n"))
    try await world.metric("stub_requests_while_asleep_total", reaches: 1)
    async let wake = world.post("/wake_up")
    await world.pass(.milliseconds(500))
    _ = try await wake
    await world.pass(.seconds(1))
    let rest = try await client.read(until: "[DONE]")
    #expect(rest.contains("Hello from alpha."))
    client.close()
    await world.end()
  }

  @Test(arguments: ["true", "false"])
  func `a client that leaves a sleeping engine is forgotten`(isStreamed: String) async throws {
    let world = try await StubWorld()
    async let sleep = world.post("/sleep")
    await world.pass(.milliseconds(300))
    _ = try await sleep
    let request = Task { try await world.post("/v1/completions", #"{"prompt":"hi","stream":\#(isStreamed)}"#) }
    try await world.metric("vllm:num_requests_waiting", reaches: 1)
    request.cancel()
    try await world.metric("vllm:num_requests_waiting", reaches: 0)
    await #expect(throws: ClientFailure.self) { try await request.value }
    await world.end()
  }

  // MARK: Failures

  @Test(arguments: ["true", "false"])
  func `a connection told to fail is cut, so that the client can tell`(isStreamed: String) async throws {
    let world = try await StubWorld(.failing(.midStream(afterTokens: 2)))
    let answer = Task { try await world.post("/v1/completions", #"{"prompt":"hi","stream":\#(isStreamed)}"#) }
    await world.pass(.seconds(1))
    let failure = await #expect(throws: ClientFailure.self) { try await answer.value }
    #expect(failure?.kind == .noAnswer)
    await world.end()
  }

  @Test func `two engines share a GPU as long as one of them sleeps`() async throws {
    let file = TemporaryFile()
    let gpu = try GPULock(path: file.path)
    #expect(gpu.take())
    let world = try await StubWorld(gpu: gpu)
    let other = try GPULock(path: file.path)
    #expect(!other.take())
    async let sleep = world.post("/sleep")
    await world.pass(.milliseconds(300))
    _ = try await sleep
    #expect(other.take())
    let refused = try await world.post("/wake_up")
    #expect(refused.status == 500)
    #expect(refused.text.contains("CUDA out of memory"))
    other.release()
    async let wake = world.post("/wake_up")
    await world.pass(.milliseconds(500))
    #expect(try await wake.status == 200)
    #expect(!other.take())
    await world.end()
  }
}
