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

  private static let disconnected = Array(
    #"""
    {"type":"error","error":{"message":"the model server ended the answer before it was complete",\#
    "type":"server_error","param":null,"code":"upstream_disconnected"}}
    """#.utf8)
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

/// Why an exchange was not forwarded, or its answer is not whole. The texts are worded for a person.
package enum ForwardFailure: Error, Hashable, Sendable {
  /// The server can't have acted upon the request, and nothing was sent to the client: it may be forwarded again.
  case notTaken(String)
  /// The request may have been acted upon, but no usable answer came. Nothing was sent to the client.
  case noAnswer(String)
  /// No answer came in time. Nothing was sent to the client.
  case timedOut(String)
  /// The answer broke off after so many bytes of its body; the client has already been cut off so that it can tell.
  case cut(String, bytesSent: Int)
  /// The request itself could not be read to its end. Nothing was sent to the client.
  case refused(WireFault)
  /// The client has left, or the connection was cut from here. Nobody is left to answer.
  case clientGone
}
