import Foundation
import Testing

@testable import Server

@Suite struct EngineCallTests {
  @Test(arguments: [
    ("/sleep", nil, EngineCall.sleep(.offload, .abort)), ("/sleep", "level=0", .sleep(.pause, .abort)),
    ("/sleep", "level=2", .sleep(.discard, .abort)), ("/sleep", "level=1&mode=wait", .sleep(.offload, .wait)),
    ("/sleep", "mode=keep&level=2", .sleep(.discard, .keep)), ("/wake_up", nil, .wakeUp([.weights, .kvCache])),
    ("/wake_up", "tags=weights", .wakeUp([.weights])), ("/wake_up", "tags=kv%5Fcache", .wakeUp([.kvCache])),
    ("/wake_up", "tags=weights&tags=kv_cache", .wakeUp([.weights, .kvCache])), ("/wake_up", "tags=all", .wakeUp([])),
    ("/is_sleeping", nil, .isSleeping), ("/reset_prefix_cache", nil, .resetPrefixCache),
  ])
  func `a call is read from path and query`(path: String, query: String?, call: EngineCall) throws {
    #expect(try EngineCall(path: path, query: query, body: Data()) == call)
  }

  @Test func `a level in the body of a sleep is passed over`() throws {
    #expect(try EngineCall(path: "/sleep", query: nil, body: Data(#"{"level":2}"#.utf8)) == .sleep(.offload, .abort))
  }

  @Test func `a remote call names its method in the body`() throws {
    let body = Data(#"{"method":"reload_weights","args":[]}"#.utf8)
    #expect(try EngineCall(path: "/collective_rpc", query: nil, body: body) == .reloadWeights)
  }

  @Test(arguments: [
    ("/sleep", "level=3", "", 400, #"level: found "3", expected 0, 1 or 2"#),
    ("/sleep", "level=deep", "", 400, #"level: found "deep", expected 0, 1 or 2"#),
    ("/sleep", "mode=now", "", 400, #"mode: found "now", expected abort, wait or keep"#),
    ("/collective_rpc", nil, "", 400, #"found no JSON object with a "method""#),
    ("/collective_rpc", nil, "{}", 400, #"found no JSON object with a "method""#),
    ("/collective_rpc", nil, #"{"method":"fly"}"#, 500, #"the workers have no method "fly""#),
  ])
  func `a call that can't be understood is a fault`(
    path: String, query: String?, body: String, status: Int, message: String
  ) {
    let fault = #expect(throws: EngineFault.self) {
      _ = try EngineCall(path: path, query: query, body: Data(body.utf8))
    }
    #expect(fault?.status == status)
    #expect(fault?.body["error"]?["message"] == .string(message))
  }

  @Test(arguments: [
    (EngineCall.sleep(.discard), EngineAnswer.done, #"{"status":"sleeping","level":2}"#),
    (.wakeUp, .sleeping(false), #"{"status":"awake","tags":null}"#),
    (.wakeUp([.weights]), .sleeping(true), #"{"status":"sleeping","tags":["weights"]}"#),
    (.isSleeping, .sleeping(true), #"{"is_sleeping":true}"#), (.reloadWeights, .done, #"{"results":[null]}"#),
    (.resetPrefixCache, .done, #"{"success":true}"#),
  ])
  func `an answer has vLLM's body`(call: EngineCall, answer: EngineAnswer, body: String) throws {
    #expect(try call.body(of: answer).serialized() == body)
  }

  @Test func `a call that failed is answered with status 500 and says why`() {
    let fault = #expect(throws: EngineFault.self) { _ = try EngineCall.wakeUp.body(of: .failed("CUDA out of memory")) }
    #expect(fault?.status == 500)
    #expect(
      fault?.body.serialized()
        == #"{"error":{"message":"CUDA out of memory","type":"InternalServerError","param":null,"code":500}}"#)
  }
}

extension JSONValue {
  /// The member of an object; nil where there is none.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }
}
