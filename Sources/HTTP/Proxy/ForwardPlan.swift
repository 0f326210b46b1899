package import Core

/// Where and how an exchange is forwarded to a model server.
package struct ForwardPlan: Sendable {
  package var origin: Origin
  /// The target to ask for, in origin form and percent-encoded; nil for the one that came, reduced to origin form.
  package var target: String?
  /// A change to the part of the body that has been read.
  package var bodyEdit: BodyEdit?
  /// For a connection to be made, over all of the server's addresses.
  package var connectTimeout = Duration.seconds(5)
  /// From the request being sent to the answer's head; nil for as long as it takes.
  package var firstByteTimeout: Duration?
  /// Between two reads of the answer's body; nil for as long as it takes.
  package var stallTimeout: Duration?
  /// The JSON text of the event that a client of server-sent events gets when the answer breaks off.
  package var midStreamError = Self.disconnected
  /// The same where it was ended from here, for the sake of other models.
  package var drainedError = Self.drained
  /// What the answer bears besides the server's own fields.
  package var addedFields: [(name: String, value: String)] = []
  /// Request fields that are not sent on, besides those that never are.
  package var droppedFields: KnownFieldSet = []

  package init(origin: Origin) { self.origin = origin }

  /// Replaces a range of the body with other bytes.
  package struct BodyEdit: Sendable {
    /// Within what has been read of the body.
    package var range: Range<Int>
    package var replacement: [UInt8]

    package init(range: Range<Int>, replacement: [UInt8]) {
      self.range = range
      self.replacement = replacement
    }
  }

  /// What a client of server-sent events is told when its answer ends like that.
  package func midStreamError(_ failure: ForwardFailure) -> [UInt8] {
    if case .drained = failure { drainedError } else { midStreamError }
  }

  private static let disconnected = error("the model server ended the answer before it was complete")
  private static let drained = error(
    "the answer was cut off, since its model had to make way and the drain took too long")

  /// - Parameter message: of characters that stand for themselves in JSON.
  private static func error(_ message: String) -> [UInt8] {
    Array(
      #"""
      {"type":"error","error":{"message":"\#(message)",\#
      "type":"server_error","param":null,"code":"upstream_disconnected"}}
      """#.utf8)
  }
}

/// Looks at each piece of an answer's body as it passes, without its framing. It is on the way of the bytes: it must be
/// quick, and can't wait.
package typealias AnswerTap = (_ piece: Span<UInt8>, _ form: AnswerForm) -> Void

/// What the body of an answer is, as far as whoever looks at it needs to know.
package enum AnswerForm: Sendable {
  case json
  /// Server-sent events.
  case eventStream
  /// An error, something else, or encoded in a way that hides what it is.
  case other
}
