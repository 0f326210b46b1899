/// What a request's JSON body says at its top level about the model that it is for.
struct ModelField: Hashable {
  /// The value of `model`, decoded.
  let name: String
  /// Where that value is in the body, quotes included: what is replaced to send the request on under another name.
  let range: Range<Int>
  /// The value of `stream`, nil when it is absent or not a truth value.
  let stream: Bool?
  /// Whether there is a `stream_options`, whatever it says.
  let hasStreamOptions: Bool

  /// Why a body names no model.
  enum Fault: Error, Hashable {
    case notJSON(JSONFault)
    case notAnObject
    case missing
    case notAString
  }

  /// Finds the field in a whole body, all of which is validated. Of duplicate members the last one counts, as it does
  /// for the parsers that the model servers use.
  static func find(in body: Span<UInt8>) throws(Fault) -> ModelField {
    let members: Members
    do throws(JSONFault) {
      members = try Members(of: body)
    } catch {
      throw .notJSON(error)
    }
    switch members.model {
    case .string(let string):
      return ModelField(
        name: string.decoded(in: body), range: string.range, stream: members.stream,
        hasStreamOptions: members.hasStreamOptions)
    case .other: throw .notAString
    case nil: throw members.areThere ? .missing : .notAnObject
    }
  }

  /// The replacement for `range` that names another model.
  static func replacement(naming name: String) -> [UInt8] { Array(JSONValue.string(name).serialized().utf8) }

  /// One pass over the body.
  private struct Members {
    enum Value {
      case string(JSONString)
      case other
    }

    var areThere = false
    var model: Value?
    var stream: Bool?
    var hasStreamOptions = false

    init(of body: Span<UInt8>) throws(JSONFault) {
      var scanner = JSONScanner(body)
      if try scanner.kind(in: body) == .object {
        areThere = true
        try scanner.object(in: body) { scanner, key throws(JSONFault) in
          if key.equals("model", in: body) {
            model = try Self.value(at: &scanner, in: body)
          } else if key.equals("stream", in: body), try scanner.kind(in: body) == .boolean {
            stream = try scanner.boolean(in: body)
          } else {
            if key.equals("stream_options", in: body) { hasStreamOptions = true }
            try scanner.skipValue(in: body)
          }
        }
      } else {
        try scanner.skipValue(in: body)
      }
      try scanner.end(in: body)
    }

    private static func value(at scanner: inout JSONScanner, in body: Span<UInt8>) throws(JSONFault) -> Value {
      guard try scanner.kind(in: body) == .string else {
        try scanner.skipValue(in: body)
        return .other
      }
      return .string(try scanner.string(in: body))
    }
  }
}
