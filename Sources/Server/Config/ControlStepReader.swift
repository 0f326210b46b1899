internal import Backends

extension ConfigValue {
  /// The steps of going to sleep or of waking up.
  func controlSteps() -> [ControlStep] {
    (array(expected: "an array of steps") ?? []).compactMap { $0.controlStep() }
  }

  private func controlStep() -> ControlStep? {
    let step = object(.step) { object -> ControlStep? in
      let endpoint = object.require("endpoint", expected: "a path that begins with /")?.requestTarget()
      let method = object.take("method").map { $0.controlMethod() } ?? .post
      let timeout = object.take("timeout_secs", "timeout")?.seconds()
      var step = ControlStep(endpoint ?? "/", method: method ?? .post)
      step.body = object.take("body")?.controlBody()
      step.timeout = timeout.flatMap { $0 > .zero ? $0 : nil }
      step.retries = object.take("retries")?.integer(in: 0...1000) ?? 0
      step.expectedBody = object.take("expect_body")?.string()
      return endpoint == nil ? nil : step
    }
    return step.flatMap { $0 }
  }

  private func controlMethod() -> ControlStep.Method? {
    let expected = Spelling.alternatives(ControlStep.Method.allCases.map(\.rawValue))
    guard let text = string(expected: expected) else { return nil }
    if let method = ControlStep.Method(rawValue: text.uppercased()) { return method }
    fault("found \"\(text)\", expected \(expected)")
    return nil
  }

  /// A text as it is; anything else as the JSON that it is.
  private func controlBody() -> String? {
    if case .string = json.value { return string() }
    return plain().serialized()
  }
}
