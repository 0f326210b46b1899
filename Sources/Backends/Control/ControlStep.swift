/// One step of going to sleep or of waking up: a request to the model server, or several at once.
package struct ControlStep: Hashable, Sendable {
  /// Never empty. All are sent at once; the step fails as soon as one of them does.
  package var requests: [ControlRequest]
  /// Whether the next step waits until the server answers 200 on its health path.
  package var awaitsHealth = false
  /// Whether a failure of the step is only warned of.
  var isOptional = false

  /// Several requests at once.
  package init(parallel requests: [ControlRequest], awaitsHealth: Bool = false) {
    self.requests = requests
    self.awaitsHealth = awaitsHealth
  }

  /// A single request.
  package init(
    _ endpoint: String, method: ControlRequest.Method = .post, body: String? = nil, timeout: Duration? = nil,
    retries: Int = 0, expectedBody: String? = nil, isOptional: Bool = false
  ) {
    requests = [
      ControlRequest(
        endpoint, method: method, body: body, timeout: timeout, retries: retries, expectedBody: expectedBody)
    ]
    self.isOptional = isOptional
  }
}

/// One HTTP request that a model server is told something with.
package struct ControlRequest: Hashable, Sendable {
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
  /// How often it is tried again after it failed: after 0.2 s, then after twice as long each time, up to 5 s.
  package var retries: Int
  /// What the answer's content must contain, besides a status of 2xx; nil: anything will do.
  package var expectedBody: String?

  package init(
    _ endpoint: String, method: Method = .post, body: String? = nil, timeout: Duration? = nil, retries: Int = 0,
    expectedBody: String? = nil
  ) {
    self.endpoint = endpoint
    self.method = method
    self.body = body
    self.timeout = timeout
    self.retries = retries
    self.expectedBody = expectedBody
  }

  /// How it is called in the log: "POST /collective_rpc".
  var title: String { "\(method.rawValue) \(endpoint)" }
}
