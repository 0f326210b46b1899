internal import CLinux
package import HTTP

/// A request to a service on the web, whole.
package struct WebRequest: Sendable {
  package let method: String
  package let url: String
  package var fields: [(name: String, value: String)]
  package let body: [UInt8]
  /// For the name, the connection and TLS together.
  var connectTimeout: Duration = .seconds(10)

  package init(method: String, url: String, fields: [(name: String, value: String)], body: [UInt8] = []) {
    (self.method, self.url, self.fields, self.body) = (method, url, fields, body)
  }

  /// Sets a field in the place of all that have its name.
  package mutating func replaceField(_ name: String, with value: String) {
    fields.removeAll { $0.name.lowercased() == name.lowercased() }
    fields.append((name, value))
  }

  /// Whether a body goes along, be it an empty one: a server may insist on its length (RFC 9110, section 8.6). HEAD's would
  /// mean nothing, and libcurl would wait for the answer's.
  var hasBody: Bool { method != "HEAD" && (!body.isEmpty || ["POST", "PUT", "PATCH"].contains(method)) }

  /// At least 1: 0 would be libcurl's own.
  var connectTimeoutMilliseconds: UInt32 { UInt32(clamping: max(Int64(connectTimeout / .milliseconds(1)), 1)) }

  /// The fields as libcurl wants them.
  var fieldLines: [String] {
    var lines = fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    // Those that libcurl would add by itself.
    for name in ["Accept", "Content-Type"] where !fields.contains(where: { $0.name.lowercased() == name.lowercased() })
    {
      lines.append("\(name):")
    }
    return lines
  }
}

/// Why a service on the web gave no whole answer.
package struct WebFailure: Error, Hashable, Sendable {
  package let kind: ClientFailure.Kind
  /// Worded for a person, as "Could not resolve host: nowhere.example".
  package let reason: String
  /// Whether nothing of the request was sent, so that it can't have been acted upon.
  package let wasNotSent: Bool

  init(_ kind: ClientFailure.Kind, _ reason: String, wasNotSent: Bool = false) {
    (self.kind, self.reason, self.wasNotSent) = (kind, reason, wasNotSent)
  }
}
