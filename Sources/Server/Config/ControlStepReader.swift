internal import Backends

extension ConfigValue {
  /// The steps of going to sleep or of waking up.
  func controlSteps() -> [ControlStep] {
    (array(expected: "an array of steps") ?? []).compactMap { $0.controlStep() }
  }

  private func controlStep() -> ControlStep? {
    let step = isGroup ? object(.stepGroup) { $0.controlGroup() } : object(.step) { $0.controlStep() }
    return step.flatMap { $0 }
  }

  private var isGroup: Bool {
    guard case .object(let members) = json.value else { return false }
    return members.contains { $0.key == "parallel" }
  }

  /// The requests of a group, which are steps but for groups of their own.
  fileprivate func parallelRequests() -> [ControlRequest] {
    guard let values = array(expected: "an array of steps") else { return [] }
    if values.isEmpty { fault("found none, expected at least one step") }
    return values.compactMap { value in value.object(.request) { $0.controlRequest() }.flatMap { $0 } }
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
  fileprivate mutating func controlStep() -> ControlStep? {
    let request = controlRequest()
    let awaitsHealth = healthCheckAfter()
    return request.map { ControlStep(parallel: [$0], awaitsHealth: awaitsHealth) }
  }

  fileprivate mutating func controlGroup() -> ControlStep? {
    let requests = take("parallel")?.parallelRequests() ?? []
    let awaitsHealth = healthCheckAfter()
    return requests.isEmpty ? nil : ControlStep(parallel: requests, awaitsHealth: awaitsHealth)
  }

  private mutating func healthCheckAfter() -> Bool { take("health_check_after")?.bool() ?? false }

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
}
