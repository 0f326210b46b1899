internal import HTTP

/// An answer of a stand-in model server that says why it did not do what it was asked, in vLLM's shapes.
struct EngineFault: Error {
  let status: Int
  let body: JSONValue
  var fields: [(String, String)] = []

  static let notFound = EngineFault(status: 404, body: ["detail": "Not Found"])

  static func methodNotAllowed(_ allowed: HTTPMethod) -> EngineFault {
    EngineFault(status: 405, body: ["detail": "Method Not Allowed"], fields: [("Allow", allowed.description)])
  }

  /// - Parameter parameter: the member of the request that is at fault.
  static func badRequest(_ message: String, parameter: String? = nil) -> EngineFault {
    error(400, type: "BadRequestError", message, parameter: parameter)
  }

  static func unknownModel(_ name: String) -> EngineFault {
    error(404, type: "NotFoundError", "The model `\(name)` does not exist.", parameter: "model")
  }

  static func internalError(_ message: String) -> EngineFault { error(500, type: "InternalServerError", message) }

  private static func error(
    _ status: Int, type: String, _ message: String, parameter: String? = nil
  ) -> EngineFault {
    let error: JSONValue = [
      "message": .string(message), "type": .string(type), "param": parameter.map(JSONValue.string) ?? .null,
      "code": .number(status),
    ]
    return EngineFault(status: status, body: ["error": error])
  }
}
