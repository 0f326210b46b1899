import Testing

@testable import Server

struct MultipartModelTests {
  private let contentType = #"multipart/form-data; boundary="b ound""#

  @Test(arguments: [
    part(#"name="model""#, "whisper-1"),
    "preamble\r\n" + part(#"name="file"; filename="a;name=\"model\".wav""#, "\r\n--b oun\r\n\r\n--\r")
      + part("name=model", "whisper-1"),
    part(#"filename="model""#, "no") + part(#"NAME="model""#, "whisper-1") + part(#"name="model""#, "later"),
    "--b ound  \r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data;name=\"model\"\r\n\r\nwhisper-1",
  ])
  func `the field model is found`(parts: String) throws {
    let body = Array((parts + "\r\n--b ound--\r\n").utf8)
    var search = try #require(MultipartModel(contentType: contentType))
    guard case .found(let name, let range) = search.find(in: body.span) else {
      Issue.record("the field was not found")
      return
    }
    #expect(name == "whisper-1")
    #expect(String(decoding: body[range], as: UTF8.self) == "whisper-1")
  }

  @Test(arguments: [part(#"name="model""#, ""), part(#"name="file""#, "x") + part(#"name="model""#, "")])
  func `a field without contents is an empty name`(parts: String) throws {
    let body = Array((parts + "\r\n--b ound--").utf8)
    var search = try #require(MultipartModel(contentType: contentType))
    guard case .found("", _) = search.find(in: body.span) else {
      Issue.record("the field was not found")
      return
    }
  }

  @Test func `however the body is cut, the answer is the same and comes with the first byte that settles it`() throws {
    let body = Array(
      (Self.part(#"name="file"; filename="a.wav""#, "RIFF\r\n-\r\n--b\r\n\r\n")
        + Self.part(#"name="model""#, "whisper-1")
        + "\r\n--b ound--\r\n").utf8)
    let settled = body.count - "--\r\n".utf8.count
    var search = try #require(MultipartModel(contentType: contentType))
    for count in 0..<settled { #expect(search.find(in: body.span.extracting(first: count)) == .needsMore) }
    for count in settled...body.count {
      var fresh = try #require(MultipartModel(contentType: contentType))
      let range = settled - "whisper-1\r\n--b ound".utf8.count..<settled - "\r\n--b ound".utf8.count
      #expect(fresh.find(in: body.span.extracting(first: count)) == .found("whisper-1", range))
    }
    #expect(search.find(in: body.span) != .needsMore)
  }

  @Test(
    arguments: [
      ("--b ound--\r\n", .absent), (part(#"name="file""#, "x") + "\r\n--b ound--", .absent), ("", .needsMore),
      (#"{"model":"a"}"#, .needsMore), (part(#"name="model""#, "whisper-1"), .needsMore),
      (part(#"name="models""#, "x") + "\r\n--b ound--", .absent),
    ] as [(String, MultipartModel.Outcome)])
  func `a form without the field is told from one that has not ended`(body: String, outcome: MultipartModel.Outcome)
    throws
  {
    var search = try #require(MultipartModel(contentType: contentType))
    #expect(search.find(in: Array(body.utf8).span) == outcome)
  }

  @Test(arguments: [
    "application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x", "",
  ])
  func `what is no form is not searched`(contentType: String) {
    #expect(MultipartModel(contentType: contentType) == nil)
  }

  @Test(
    arguments: [
      ("text/plain", "text/plain", [:]),
      (
        "Multipart/Form-Data ; Boundary = abc ; x=\"1;2=\\\"3\"", "multipart/form-data",
        ["boundary": "abc", "x": "1;2=\"3"]
      ),
      ("a;b;c=", "a", ["c": ""]),
    ] as [(String, String, [String: String])])
  func `parameters are told apart`(text: String, value: String, parameters: [String: String]) {
    let parsed = ParameterisedValue(text)
    #expect(parsed.value == value)
    #expect(parsed.parameters == parameters)
  }

  /// A part with the line break that ends the one before it.
  private static func part(_ parameters: String, _ contents: String) -> String {
    "\r\n--b ound\r\nContent-Disposition: form-data; \(parameters)\r\n\r\n\(contents)"
  }
}
