/// One HTTP request that a model server is told something with: one step of going to sleep or of waking up.
package struct ControlStep: Hashable, Sendable {
  package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
  }

  /// The path from the server's base, with its query if it has one: "/sleep?level=1".
  package var endpoint: String
  package var method: Method
  /// The request's content, sent as application/json; nil sends none.
  package var body: String?
  /// How long one attempt may take; nil: as long as the model's own sleep or wake time-out says.
  package var timeout: Duration?
  /// How often the step is tried again after it failed.
  package var retries: Int
  /// What the answer's content must contain, besides a status of 2xx; nil: anything will do.
  package var expectedBody: String?
  /// Whether a failure of the step is only warned of.
  package var isOptional: Bool

  package init(
    _ endpoint: String, method: Method = .post, body: String? = nil, timeout: Duration? = nil, retries: Int = 0,
    expectedBody: String? = nil, isOptional: Bool = false
  ) {
    self.endpoint = endpoint
    self.method = method
    self.body = body
    self.timeout = timeout
    self.retries = retries
    self.expectedBody = expectedBody
    self.isOptional = isOptional
  }
}
