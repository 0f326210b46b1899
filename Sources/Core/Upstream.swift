/// Where a model's server listens.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
  /// A name or an address, an IPv6 address without its brackets.
  package let host: String
  package let port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// As a Host header field has it (RFC 9110, section 7.2).
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Where a granted request goes: the server, and how that server calls the model.
package struct Upstream: Hashable, Sendable {
  package let origin: Origin
  /// What stands before the request's own path, without a trailing slash; mostly empty.
  package let basePath: String
  /// The model's name in bodies sent on; nil leaves the body as it came.
  package let modelName: String?
  /// Set where the server is a service on the web; nil: it is spoken to in plain HTTP, as the client's request is.
  package let web: WebAccess?

  package init(origin: Origin, basePath: String = "", modelName: String? = nil, web: WebAccess? = nil) {
    self.origin = origin
    self.basePath = basePath
    self.modelName = modelName
    self.web = web
  }

  /// The address of all that is asked of the server: "https://models.example.com:443/team".
  package var url: String { "\((web?.scheme ?? .http).rawValue)://\(origin)\(basePath)" }
}

/// What a service on the web takes besides an address.
package struct WebAccess: Hashable, Sendable {
  package enum Scheme: String, Sendable {
    case http, https
  }

  package let scheme: Scheme
  /// The Authorization that takes the place of the client's credentials, which are meant for the daemon: a secret. Nil sends
  /// the client's on, as to a server nearby.
  package let authorization: String?

  package init(scheme: Scheme, authorization: String? = nil) {
    self.scheme = scheme
    self.authorization = authorization
  }
}
