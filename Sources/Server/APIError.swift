internal import Core
internal import HTTP
internal import Switcher

/// An answer that says why a request was not served, in the shape that OpenAI's clients understand.
struct APIError: Error {
  let status: Int
  let code: ErrorCode
  let message: String
  var parameter: String?
  var fields: [(String, String)] = []

  /// What OpenAI calls the class of an error.
  private var type: String {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    default: "server_error"
    }
  }

  /// The JSON text of the answer.
  /// - Parameter path: the request's; Anthropic's route has a shape of its own.
  func body(for path: String) -> [UInt8] {
    if path == "/v1/messages" || path.hasPrefix("/v1/messages/") {
      return json(AnthropicShape(error: .init(type: type == "server_error" ? "api_error" : type, message: message)))
    }
    return json(OpenAIShape(error: .init(message: message, type: type, param: parameter, code: code.rawValue)))
  }

  private struct OpenAIShape: Encodable {
    struct Detail: Encodable {
      let message: String
      let type: String
      let param: String?
      let code: String

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message, forKey: .message)
        try container.encode(type, forKey: .type)
        // Present even where there is none: clients read it unconditionally.
        try container.encode(param, forKey: .param)
        try container.encode(code, forKey: .code)
      }

      private enum CodingKeys: String, CodingKey { case message, type, param, code }
    }
    let error: Detail
  }

  private struct AnthropicShape: Encodable {
    struct Detail: Encodable {
      let type: String
      let message: String
    }
    var type = "error"
    let error: Detail
  }
}

// MARK: The cases

extension APIError {
  /// Tells OpenAI's clients, which retry 408, 409, 429 and 5xx by themselves, that it would be of no use.
  private static let noRetry = ("x-should-retry", "false")

  static func missingModel() -> APIError {
    APIError(
      status: 400, code: .missingModel,
      message: "found no \"model\" in the request, expected one in its body, or an x-model header, or ?model=",
      parameter: "model")
  }

  static func invalidJSON(_ detail: String) -> APIError {
    APIError(status: 400, code: .invalidJSON, message: "the body is not valid JSON: \(detail)")
  }

  static func unknownModel(_ name: String, known: [String]) -> APIError {
    APIError(
      status: 404, code: .modelNotFound,
      message: "the model \"\(name.prefix(200))\" does not exist; there are \(known.joined(separator: ", "))",
      parameter: "model")
  }

  static func notFound(_ path: String) -> APIError {
    APIError(status: 404, code: .notFound, message: "nothing is served at \(path.prefix(200))")
  }

  static func methodNotAllowed(_ method: String, allowed: [String]) -> APIError {
    let allowed = allowed.joined(separator: ", ")
    return APIError(
      status: 405, code: .methodNotAllowed, message: "found \(method.prefix(50)), expected \(allowed)",
      fields: [("Allow", allowed)])
  }

  static func forbiddenPath(_ path: String) -> APIError {
    APIError(
      status: 403, code: .forbiddenPath,
      message: "\(path.prefix(200)) controls the model server and is not for clients; use the admin routes")
  }

  static func upstreamUnavailable(_ detail: String) -> APIError {
    APIError(status: 502, code: .upstreamUnavailable, message: "the model server gave no answer: \(detail)")
  }

  static func cutOff() -> APIError {
    APIError(
      status: 502, code: .upstreamUnavailable,
      message: "the request was cut off, since its model had to make way and the drain took too long")
  }

  static func upstreamTimeout(_ detail: String) -> APIError {
    APIError(status: 504, code: .upstreamTimeout, message: "the model server took too long: \(detail)")
  }

  /// What a caller is told whose request is no HTTP that we take.
  init(_ fault: WireFault) {
    self.init(status: fault.status, code: ErrorCode(rawValue: fault.code) ?? .badRequest, message: fault.message)
  }

  /// What a caller is told whose model server failed; nil where the connection itself tells it, or nobody is left to be told.
  init?(_ failure: ForwardFailure) {
    switch failure {
    case .notTaken(let detail), .noAnswer(let detail): self = .upstreamUnavailable(detail)
    case .drained(_, bytesSent: nil): self = .cutOff()
    case .timedOut(let detail): self = .upstreamTimeout(detail)
    case .refused(let fault): self.init(fault)
    case .cut, .drained, .clientGone: return nil
    }
  }

  /// What a caller is told whom the switcher did not serve; nil for one who is gone.
  init?(_ error: SwitchError, known: [String]) {
    switch error {
    case .unknownModel(let model): self = .unknownModel(model.name, known: known)
    case .manualMode(let served):
      let served = served.map { "\"\($0)\"" } ?? "no model"
      self.init(
        status: 503, code: .manualMode, message: "manual mode is on and serves \(served)", parameter: "model",
        fields: [Self.noRetry])
    case .queueFull(let limit):
      self.init(
        status: 429, code: .queueFull, message: "\(limit) requests wait for this model already",
        fields: [("Retry-After", "5")])
    case .timedOut(let duration):
      self.init(
        status: 504, code: .switchTimeout,
        message: "the model did not become ready in \(Int(duration.seconds.rounded())) s", fields: [Self.noRetry])
    case .switchFailed(let model, let message, let retryAfter):
      let seconds = min(max(Int(retryAfter.seconds.rounded(.up)), 1), 60)
      self.init(
        status: 503, code: .switchFailed, message: "the model \(model) could not be made ready: \(message)",
        fields: [("Retry-After", String(seconds))])
    case .shuttingDown:
      self.init(
        status: 503, code: .shuttingDown, message: "the daemon is shutting down", fields: [("Connection", "close")])
    case .superseded(let message):
      self.init(status: 409, code: .superseded, message: message)
    case .abandoned: return nil
    }
  }
}
