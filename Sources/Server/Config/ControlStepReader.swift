internal import Backends

extension ConfigValue {
  /// The steps of going to sleep or of waking up.
  func controlSteps() -> [ControlStep] {
    (array(expected: "an array of steps") ?? []).compactMap { $0.controlStep() }
  }

  private func controlStep() -> ControlStep? {
    let step = object { object -> ControlStep? in
      let group = object.take("parallel")
      let requests = group.map { $0.parallelRequests() } ?? object.controlRequest().map { [$0] } ?? []
      if group != nil { object.refuseRequestKeys() }
      let awaitsHealth = object.take("health_check_after")?.bool() ?? false
      guard !requests.isEmpty else { return nil }
      var step = ControlStep(parallel: requests)
      step.awaitsHealth = awaitsHealth
      return step
    }
    return step.flatMap { $0 }
  }

  /// The requests of a group, which are steps but for groups of their own.
  private func parallelRequests() -> [ControlRequest] {
    guard let values = array(expected: "an array of steps") else { return [] }
    if values.isEmpty { fault("found none, expected at least one step") }
    return values.compactMap { value in value.object { $0.controlRequest() }.flatMap { $0 } }
  }

  fileprivate func controlMethod() -> ControlRequest.Method? {
    let expected = Spelling.alternatives(ControlRequest.Method.allCases.map(\.rawValue))
    guard let text = string(expected: expected) else { return nil }
    if let method = ControlRequest.Method(rawValue: text.uppercased()) { return method }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }

  /// A text as it is; anything else as the JSON that it is.
  fileprivate func controlBody() -> String? {
    if case .string = json.value { return string() }
    return plain().serialized()
  }
}

extension ConfigObject {
  fileprivate mutating func controlRequest() -> ControlRequest? {
    let endpoint = require("endpoint", expected: "a path that begins with /")?.requestTarget()
    let method = take("method").map { $0.controlMethod() } ?? .post
    let timeout = take("timeout_secs", "timeout")?.seconds()
    var request = ControlRequest(endpoint ?? "/", method: method ?? .post)
    request.body = take("body")?.controlBody()
    request.timeout = timeout.flatMap { $0 > .zero ? $0 : nil }
    request.retries = take("retries")?.integer(in: 0...1000) ?? 0
    request.expectedBody = take("expect_body")?.string()
    return endpoint == nil ? nil : request
  }

  /// Reports what belongs to a single request where there is a group of them.
  fileprivate mutating func refuseRequestKeys() {
    for key in ["endpoint", "method", "body", "timeout_secs", "timeout", "retries", "expect_body"] {
      take(key)?.fault("found beside parallel, expected in each of its steps")
    }
  }
}
