/// Why requests are ended from here while their server has them.
package enum HangUp: Sendable {
  /// The server itself is to end.
  case stop
  /// Their model is to leave the GPU, and they have had their time to end.
  case drainTimeout
}
