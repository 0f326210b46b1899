import Testing

@testable import Server

struct ModelFieldTests {
  @Test(arguments: [
    (#"{"model":"a"}"#, "a", #""a""#),
    (#"{ "messages" : [ {"model":"inner"} ] , "model" : "outer" }"#, "outer", #""outer""#),
    (#"{"x":{"model":"inner"},"model":"outer","y":["model","no"]}"#, "outer", #""outer""#),
    (#"{"model":"first","model":"last"}"#, "last", #""last""#),
    (#"{"mod\u0065l":"escaped key"}"#, "escaped key", #""escaped key""#),
    (#"{"model":"Qwen\/Qwen3 \u00e9\uD83D\uDE00\n"}"#, "Qwen/Qwen3 é😀\n", #""Qwen\/Qwen3 \u00e9\uD83D\uDE00\n""#),
    (#"{"model":"half \ud83d pair"}"#, "half \u{FFFD} pair", #""half \ud83d pair""#),
    (#"{"model":"swapped \uDE00\uD83D"}"#, "swapped \u{FFFD}\u{FFFD}", #""swapped \uDE00\uD83D""#),
    (#"{"model":""}"#, "", #""""#),
    (#"{"models":"no","mode":"no","MODEL":"no","model":"模型"}"#, "模型", #""模型""#),
  ])
  func `the top-level model is found, decoded, with its place`(body: String, name: String, raw: String) throws {
    let bytes = Array(body.utf8)
    let field = try ModelField.find(in: bytes.span)
    #expect(field.name == name)
    #expect(String(decoding: bytes[field.range], as: UTF8.self) == raw)
  }

  @Test(
    arguments: [
      (#"{"model":"a","stream":true}"#, true), (#"{"stream":false,"model":"a"}"#, false), (#"{"model":"a"}"#, nil),
      (#"{"model":"a","stream":"true"}"#, nil), (#"{"model":"a","stream_options":{"stream":true}}"#, nil),
    ] as [(String, Bool?)])
  func `the top-level stream is told where it is a truth value`(body: String, stream: Bool?) throws {
    #expect(try ModelField.find(in: Array(body.utf8).span).stream == stream)
  }

  @Test(
    arguments: [
      (#"{"messages":[]}"#, .missing), ("{}", .missing), ("[]", .notAnObject), (#""model""#, .notAnObject),
      ("null", .notAnObject), (#"{"model":null}"#, .notAString), (#"{"model":["a"]}"#, .notAString),
      (#"{"model":"a","model":1}"#, .notAString),
    ] as [(String, ModelField.Fault)])
  func `a body that names no model says why`(body: String, fault: ModelField.Fault) {
    #expect(throws: fault) { try ModelField.find(in: Array(body.utf8).span) }
  }

  @Test(arguments: [
    (#"{"model":"a""#, 12), (#"{"model":"a"} x"#, 14), ("model=a", 0), ("", 0), (#"{"model":"a","x":tru}"#, 17),
  ])
  func `a body that is not JSON is refused wherever it goes wrong`(body: String, offset: Int) {
    #expect {
      try ModelField.find(in: Array(body.utf8).span)
    } throws: { error in
      guard case ModelField.Fault.notJSON(let fault) = error else { return false }
      return fault.offset == offset
    }
  }

  @Test func `another name takes the place of the value`() throws {
    var bytes = Array(#"{"a":1, "model" : "old", "b":2}"#.utf8)
    let field = try ModelField.find(in: bytes.span)
    bytes.replaceSubrange(field.range, with: ModelField.replacement(naming: #"C:\new "one""#))
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1, "model" : "C:\\new \"one\"", "b":2}"#)
    #expect(try ModelField.find(in: bytes.span).name == #"C:\new "one""#)
  }

  @Test func `special bytes are seen at every distance from the beginning of a string`() throws {
    for length in 0..<70 {
      let plain = String(repeating: "x", count: length)
      let body = #"{"model":"\#(plain)\"é\\","z":"\#(plain)"}"#
      #expect(try ModelField.find(in: Array(body.utf8).span).name == plain + "\"é\\")
    }
  }
}
