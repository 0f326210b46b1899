/// How much and how long a server bears from its clients.
package struct ServerLimits: Sendable {
  /// A request's head with its blank line; what passes it is refused with 431.
  package var headBytes = 65_536
  /// More fields are refused with 431.
  package var headFields = 256
  /// A longer request target is refused with 414.
  package var targetBytes = 32_768
  /// A larger request body is refused with 413.
  package var bodyBytes = 64 << 20
  /// From a head's first byte to its last; then 408.
  package var headTimeout = Duration.seconds(10)
  /// Between two reads of a request's body; then 408.
  package var bodyStallTimeout = Duration.seconds(30)
  /// Between two requests of a connection; then it is closed.
  package var idleTimeout = Duration.seconds(75)
  /// Between two writes that the client takes; then the connection is cut.
  package var writeStallTimeout = Duration.seconds(60)
  /// How long a connection that is closed on a client still sending is read on, so that it can read why.
  package var lingerTimeout = Duration.seconds(2)
  /// Open connections of all loops together; further ones are answered with 503.
  package var connections = 8_192

  package init() {}

  var head: HeadLimits { HeadLimits(headBytes: headBytes, fields: headFields, targetBytes: targetBytes) }
}
