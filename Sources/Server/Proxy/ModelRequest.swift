internal import Core
internal import HTTP

/// Which model a request is for, and where its body names the model.
struct ModelRequest: Sendable {
  /// A model's name in a body, of which that much has been read.
  struct Mention: Sendable {
    enum Notation: Sendable { case json, form }

    let name: String
    let range: Range<Int>
    let notation: Notation
    /// Whether a stream is asked for, and nothing said of whether it is to end with its usage.
    var leavesUsageOpen = false
  }

  var entry: ModelDirectory.Entry
  /// Nil where the body names none, or was not looked at.
  var mention: Mention?

  /// How the body must be changed so that the model's server knows the name, and tells a stream's usage where that is wanted.
  var edit: ForwardPlan.BodyEdit? {
    guard let mention else { return nil }
    let addsUsage = entry.wantsStreamUsage && mention.leavesUsageOpen
    guard addsUsage || mention.name != entry.upstreamName else { return nil }
    var replacement =
      switch mention.notation {
      case .json: ModelField.replacement(naming: entry.upstreamName)
      case .form: Array(entry.upstreamName.utf8)
      }
    // A further member, right behind the model's name.
    if addsUsage { replacement += Self.usageOption }
    return ForwardPlan.BodyEdit(range: mention.range, replacement: replacement)
  }

  private static let usageOption = Array(#","stream_options":{"include_usage":true}"#.utf8)

  /// Finds the model: the header `x-model` wins over the body's `model`; without a body, `?model=` is looked at.
  ///
  /// Reads only as much of the body as that takes: all of a JSON body, a form up to its field, nothing of what is neither.
  /// - Throws: `APIError` when no model is named, it is unknown, or the body is not what it says; `ExchangeFailure` when
  ///   the body could not be read.
  static func identify(_ exchange: Exchange, in directory: ModelDirectory) async throws -> ModelRequest {
    if let name = exchange.field(.xModel) {
      return try await identify(exchange, named: name, in: directory)
    }
    if !exchange.hasBody {
      guard let name = QueryItem.value(of: "model", in: exchange.query) else {
        guard exchange.method == .post else {
          throw APIError.methodNotAllowed(exchange.method.description, allowed: [HTTPMethod.post.description])
        }
        throw APIError.missingModel()
      }
      return ModelRequest(entry: try directory.entry(named: name))
    }
    if let type = exchange.field(.contentType), let form = MultipartModel(contentType: type) {
      return try await identify(exchange, form: form, in: directory)
    }
    try await exchange.readBody()
    let field = try exchange.withBody(modelField)
    return ModelRequest(entry: try directory.entry(named: field.name), mention: Mention(field, of: exchange))
  }

  /// The model that the header names; a JSON body that names another one is made to agree.
  private static func identify(
    _ exchange: Exchange, named name: String, in directory: ModelDirectory
  ) async throws -> ModelRequest {
    let entry = try directory.entry(named: name)
    guard exchange.hasBody, exchange.field(.contentType)?.lowercased().contains("json") == true else {
      return ModelRequest(entry: entry)
    }
    try await exchange.readBody()
    let field = exchange.withBody { body in try? ModelField.find(in: body) }
    return ModelRequest(entry: entry, mention: field.map { Mention($0, of: exchange) })
  }

  private static func identify(
    _ exchange: Exchange, form: MultipartModel, in directory: ModelDirectory
  ) async throws -> ModelRequest {
    var form = form
    while true {
      switch exchange.withBody({ form.find(in: $0) }) {
      case .found(let name, let range):
        let mention = Mention(name: name, range: range, notation: .form)
        return ModelRequest(entry: try directory.entry(named: name), mention: mention)
      case .needsMore:
        guard try await exchange.readMoreBody() else { throw APIError.missingModel() }
      case .absent: throw APIError.missingModel()
      }
    }
  }

  private static func modelField(in body: Span<UInt8>) throws(APIError) -> ModelField {
    do throws(ModelField.Fault) {
      return try ModelField.find(in: body)
    } catch {
      switch error {
      case .notJSON(let fault): throw .invalidJSON("\(fault)")
      case .notAnObject: throw .invalidJSON("found another value, expected an object")
      case .missing: throw .missingModel()
      case .notAString:
        throw APIError(
          status: 400, code: .missingModel, message: "\"model\": found no string, expected a model's name",
          parameter: "model")
      }
    }
  }
}

extension ModelRequest.Mention {
  fileprivate init(_ field: ModelField, of exchange: Exchange) {
    self.init(name: field.name, range: field.range, notation: .json)
    // The other routes have no such option, and tell the usage by themselves.
    leavesUsageOpen =
      field.stream == true && !field.hasStreamOptions
      && (exchange.hasPath("/v1/chat/completions") || exchange.hasPath("/v1/completions"))
  }
}

/// One `name=value` of a request's query.
enum QueryItem {
  /// The first value of `name`, decoded as a form is; nil when it is absent or empty.
  static func value(of name: String, in query: String?) -> String? {
    guard let query else { return nil }
    for item in query.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == name, !parts[1].isEmpty else { continue }
      return percentDecoded(String(parts[1].map { $0 == "+" ? " " : $0 }))
    }
    return nil
  }
}
