internal import Backends

/// What tells of a model that a host wakes and puts to sleep.
extension [Backend.Key: ConfigValue] {
  /// The shell commands, nil where there are none. One that is missing is left empty, for the backend to find.
  var hooks: Hooks? {
    guard self[.wake] != nil || self[.sleep] != nil else { return nil }
    return Hooks(
      wake: self[.wake]?.word(expected: Self.command) ?? "", sleep: self[.sleep]?.word(expected: Self.command) ?? "",
      stop: self[.stop]?.word(expected: Self.command), alive: self[.alive]?.word(expected: Self.command))
  }

  /// The inference endpoint, nil where none is named. A token that the file does not have is taken from the environment.
  var endpoint: InferenceEndpoint? {
    guard let value = self[.endpoint], let name = value.word(expected: "NAMESPACE/NAME of the endpoint")
    else { return nil }
    let token = self[.token].map { $0.string() ?? "" } ?? value.scope.environment["HF_TOKEN"] ?? ""
    value.findings.secrets.insert(token)
    var endpoint = InferenceEndpoint(name: name, token: token)
    let actions = InferenceEndpoint.SleepAction.allCases.map { ($0.rawValue, $0) }
    endpoint.sleepAction = self[.sleepAction]?.choice(of: actions) ?? endpoint.sleepAction
    endpoint.apiURL = self[.apiURL]?.webAddress() ?? endpoint.apiURL
    return endpoint
  }

  private static var command: String { "a command for sh -c" }
}

extension ConfigValue {
  /// The base of a service's routes, without a trailing slash.
  fileprivate func webAddress() -> String? {
    let expected = "https://HOST[:PORT][/PATH], or the same with http"
    guard var text = string(expected: expected) else { return nil }
    let scheme = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"?#\"<>\\".utf8.contains($0) }
    guard let scheme, isPlain, text.count > scheme.count, text.dropFirst(scheme.count).first != "/" else {
      fault("found \"\(text)\", expected \(expected)")
      return nil
    }
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }
}
