internal import Core

/// What one request came to, as far as its handler knows; the rest is in the exchange.
struct RequestAccount: Sendable {
  /// The model that it was for, or that stood in; nil where it was for none.
  var model: ModelID?
  /// Nil where the answer's status says it all.
  var outcome: RequestOutcome?
  /// Why the daemon itself answered with an error.
  var code: ErrorCode?
  /// How long it waited, but for the part of that which was a switch.
  var queue: Interval = .zero
  var switching: Interval = .zero
  /// How long the model servers took that it was sent to, to their last byte.
  var upstream: Interval = .zero
}
