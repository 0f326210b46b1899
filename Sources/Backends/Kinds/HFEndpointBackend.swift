internal import Core

extension Backend {
  /// A Hugging Face Inference Endpoint, which is resumed when it is wanted and paused or scaled to zero when it is not.
  package static let hfEndpoint = Backend(
    name: "hf_endpoint", keys: [.endpoint, .token, .sleepAction, .apiURL], wakeTimeout: .seconds(300)
  ) { settings throws(BackendFaults) in
    var judge = SettingsJudge(settings)
    let endpoint = settings.endpoint ?? InferenceEndpoint(name: "", token: "")
    if !endpoint.hasWholeName {
      judge.fault("endpoint", "found \"\(endpoint.name)\", expected \"NAMESPACE/NAME\" of the endpoint")
    }
    if endpoint.token.isEmpty {
      judge.fault("token", "missing, expected an access token, as ${env.HF_TOKEN} or in the variable HF_TOKEN itself")
    }
    return try judge.verdict(
      .hosted(
        HostPlan { site in
          EndpointHost(
            endpoint: endpoint, site: site, healthPath: settings.healthPath, sleepTimeout: settings.sleepTimeout,
            wakeTimeout: settings.wakeTimeout)
        }))
  }
}

extension InferenceEndpoint {
  /// Whether the name has both its parts, of characters that may stand in a URL's path.
  fileprivate var hasWholeName: Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(Self.isPlain) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
