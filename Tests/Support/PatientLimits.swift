package import HTTP

extension ServerLimits {
  /// For tests of something else: on a machine that is busy a client's next byte may be long in coming.
  package static var patient: ServerLimits {
    var limits = ServerLimits()
    limits.headTimeout = .seconds(600)
    limits.bodyStallTimeout = .seconds(600)
    limits.idleTimeout = .seconds(600)
    limits.writeStallTimeout = .seconds(600)
    return limits
  }
}
